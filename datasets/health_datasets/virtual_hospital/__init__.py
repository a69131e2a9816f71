"""The virtual hospital: seeded, consistent, documented; no patient in it is real.

from health_datasets import hospital
group = hospital(patients=5_000, seed=1)
group.stays, group.columns("stays"), group.truth.outcomes
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
