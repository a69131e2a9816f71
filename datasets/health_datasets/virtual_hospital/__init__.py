"""The virtual hospital: seeded, consistent, documented; no patient in it is real.

from health_datasets import hospital
group = hospital(patients=5_000, seed=1)
group.stays, group.columns("stays"), group.truth.outcomes

build           `hospital(...)`, its tables and its truth
facts           what is true: people, stays, units; every table is made from it
cases           why patients stay, and the codes that they use
equations       the coefficients of what drives stays and outcomes
sites           how hospitals differ, and the drift
streams         a random stream for each table
tables          the list of tables, their documented columns
identity        patients, staff
pmsi, diagnoses stays, medical units and their codes
beds, emergency movements, emergency visits
course          how ill a patient is at each minute
analytes        what the laboratory measures
outcomes, events, laboratory, vitals, prescriptions, procedures, alerts, reports: a table each
export          defects on demand, Parquet, DuckDB, FHIR, OMOP
targets         what generated data must resemble; calibration says whether they do
messages        what happened to some stays, as messages that arrive late, twice or wrong
follow          one patient through every table
"""

from health_datasets.virtual_hospital.build import Hospital, Tables, Truth, hospital
from health_datasets.virtual_hospital.calibration import CalibrationReport, calibration_report
from health_datasets.virtual_hospital.tables import Column, Table, UnknownTableError, table

__all__ = [
    "CalibrationReport",
    "Column",
    "Hospital",
    "Table",
    "Tables",
    "Truth",
    "UnknownTableError",
    "calibration_report",
    "hospital",
    "table",
]
