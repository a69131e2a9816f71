"""The hospital in the OMOP Common Data Model 5.4: its core tables.

Columns, order and types are those of `omop_cdm_5.4.yml`. No vocabulary is loaded. The concept
identifiers used are those that OHDSI's own documents name:

- gender 8507 and 8532; CDM version 756265 (CommonDataModel, data model conventions and SQL);
- visits 9201 inpatient, 9202 outpatient, 9203 emergency room, 262 emergency room and inpatient
  (CommonDataModel, VISIT_OCCURRENCE);
- types 32827 EHR encounter record, 32838 EHR prescription, 32817 EHR, 32882 standard algorithm
  from EHR (ETL-Synthea, mapping documents); status 32902 primary diagnosis (ETL-LambdaBuilder).

Everywhere else the concept is 0, no matching concept, and the code of the source stands in
`…_source_value`: CIM-10 (French PMSI) for conditions, CCAM for procedures, ATC for drugs, LOINC
for measurements. Mapping them is work for who has the vocabularies (or an exercise).
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import yaml

from health_datasets.virtual_hospital.export import HasTables
from health_datasets.virtual_hospital.export.fhir_resources import PRESSURES, VITAL_SIGNS, wards
from health_datasets.virtual_hospital.export.files import new_file, new_folder, optional
from health_datasets.virtual_hospital.sites import SITES

Tables = Mapping[str, pd.DataFrame]
NO_CONCEPT: Final = 0
MALE, FEMALE = 8507, 8532
INPATIENT, OUTPATIENT, EMERGENCY, EMERGENCY_AND_INPATIENT = 9201, 9202, 9203, 262
EHR, EHR_ENCOUNTER, EHR_PRESCRIPTION, EHR_ALGORITHM = 32817, 32827, 32838, 32882
PRIMARY_DIAGNOSIS: Final = 32902
CDM_5_4: Final = 756265
_DAY_UNITS: Final = ("UCA", "HDJ")
_NEEDED: Final = ("patients", "stays", "rum", "diagnoses", "movements", "emergency_visits", "staff")
_OPTIONAL: Final = ("laboratory", "vitals", "procedures", "prescriptions")


@cache
def specification() -> dict[str, dict[str, str]]:
    """Return the columns of each table: `integer required primary`, `date`, `varchar(50)`…"""
    text = (
        files("health_datasets.virtual_hospital.export")
        .joinpath("omop_cdm_5.4.yml")
        .read_text("utf-8")
    )
    tables: dict[str, dict[str, str]] = yaml.safe_load(text)["tables"]
    return tables


def omop_tables(hospital: HasTables) -> dict[str, pd.DataFrame]:
    """Return the core tables of OMOP CDM 5.4: person, observation_period, visit_occurrence,
    visit_detail, condition_occurrence, drug_exposure, procedure_occurrence, measurement, death,
    location, care_site, provider, cdm_source.

    A stay is a visit (262 when it came through the emergency department, from the arrival on);
    an emergency visit without stay is one too (9203). Medical units, and the emergency part of
    a stay, are visit details. A person is observed from the first day of the data, or birth, to
    the last one, or death. A table whose source the hospital lacks is there, empty.

    Returns:
        Frames with the columns of the specification; dates are datetime64[s] at midnight,
        integers Int64.
    """
    names: list[str] = [*_NEEDED, *(name for name in _OPTIONAL if name in hospital.tables)]
    source = {name: hospital.tables[name] for name in names}
    keys = _Keys(source)
    made = {name: _conform(name, build(source, keys)) for name, build in _BUILDERS.items()}
    return {name: made[name] for name in specification()}


def to_omop(hospital: HasTables, path: str | Path) -> Path:
    """Write the core tables of OMOP CDM 5.4 (see `omop_tables`), with the types of the standard.

    Args:
        hospital: the hospital.
        path: a DuckDB database if it ends in `.duckdb` (primary keys and NOT NULL declared),
            else a folder of Parquet files, made by this call.

    Returns:
        The path.

    Raises:
        FileExistsError: the file exists, the folder is not empty. FileNotFoundError: the folder
        that it should stand in does not exist.
        ModuleNotFoundError: DuckDB is not installed; the message says how to install it.
    """
    duckdb = optional("duckdb", "duckdb>=2,<3")
    frames = omop_tables(hospital)
    if Path(path).suffix == ".duckdb":
        with new_file(path) as partial, duckdb.connect(str(partial)) as connection:
            _load(connection, frames)
        return Path(path)
    with new_folder(path) as partial, duckdb.connect(":memory:") as connection:
        _load(connection, frames)
        for name in frames:
            target = str(partial / f"{name}.parquet").replace("'", "''")
            connection.execute(f"COPY {name} TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    return Path(path)


def _load(connection: Any, frames: Mapping[str, pd.DataFrame]) -> None:
    for name, frame in frames.items():
        columns = ", ".join(_ddl(column, text) for column, text in specification()[name].items())
        connection.execute(f"CREATE TABLE {name} ({columns})")
        connection.register("frame", frame)
        connection.execute(f"INSERT INTO {name} SELECT * FROM frame")
        connection.unregister("frame")


def _ddl(column: str, text: str) -> str:
    kind = text.split()[0].replace("datetime", "TIMESTAMP").replace("varchar(max)", "VARCHAR")
    required = " NOT NULL" if " required" in text else ""
    return f"{column} {kind}{required}" + (" PRIMARY KEY" if " primary" in text else "")


def _conform(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with all columns of the specification, in order, with their types."""
    columns = specification()[name]
    unknown = set(frame.columns) - set(columns)
    if unknown:
        raise AssertionError(f"{name} has no column {sorted(unknown)[0]!r} in CDM 5.4")
    data = {column: _typed(frame, column, text) for column, text in columns.items()}
    return pd.DataFrame(data, index=pd.RangeIndex(len(frame)))


def _typed(frame: pd.DataFrame, column: str, text: str) -> pd.Series:
    kind = text.split()[0]
    if column in frame:
        values = frame[column].reset_index(drop=True)
    else:
        values = pd.Series([None] * len(frame), dtype="object")
    if kind == "integer":
        return values.astype("Int64")
    if kind == "float":
        return values.astype("float64").round(6)
    if kind == "date":
        return values.astype("datetime64[s]").dt.floor("D")
    if kind == "datetime":
        return values.astype("datetime64[s]")
    return values.astype("str")


def _numbers(keys: pd.Series) -> pd.Series:
    """Return 1, 2, 3… by key."""
    return pd.Series(np.arange(1, len(keys) + 1), index=pd.Index(keys))


class _Keys:
    """The integers that stand for the hospital's identifiers."""

    def __init__(self, source: Tables) -> None:
        self.person = _numbers(source["patients"]["patient_id"])
        self.ward = wards(source)
        self.site = _numbers(pd.Series(sorted(self.ward["site_id"].unique()), dtype="str"))
        self.care_site = _numbers(pd.concat([pd.Series(self.site.index), self.ward["ward"]]))
        self.provider = _numbers(source["staff"]["staff_id"])
        self.visits = _visits(source)
        self.visit = _numbers(self.visits["key"])
        self.details = _details(source, self.visits)
        self.detail = _numbers(self.details["key"])
        # the emergency part of a stay belongs to the visit of the stay
        emergency = source["emergency_visits"]
        stay = emergency["stay_id"].where(emergency["stay_id"].notna(), emergency["visit_id"])
        self.emergency_visit = pd.Series(
            self.of(self.visit, stay).to_numpy(), index=pd.Index(emergency["visit_id"])
        )

    @staticmethod
    def of(numbers: pd.Series, keys: pd.Series) -> pd.Series:
        """Look keys up; an absent key gives an absent number."""
        found = numbers.reindex(pd.Index(keys.astype("str"))).to_numpy()
        return pd.Series(found, index=keys.index).astype("Int64")


def _visits(source: Tables) -> pd.DataFrame:
    """Return every visit: key, patient, site, start, end, concept, modes; ordered by start."""
    emergency = source["emergency_visits"]
    stays = source["stays"]
    arrivals = emergency.dropna(subset=["stay_id"]).drop_duplicates("stay_id")
    arrival = arrivals.set_index("stay_id")["arrival_at"].reindex(pd.Index(stays["stay_id"]))
    arrival = arrival.reset_index(drop=True)
    day = stays["first_unit"].astype("str").isin(_DAY_UNITS)
    concept = np.where(
        arrival.notna(), EMERGENCY_AND_INPATIENT, np.where(day, OUTPATIENT, INPATIENT)
    )
    first = pd.DataFrame(
        {
            "key": stays["stay_id"],
            "patient_id": stays["patient_id"],
            "site_id": stays["site_id"],
            "start": arrival.where(arrival.notna(), stays["entry_at"]),
            "end": stays["exit_at"],
            "concept": concept,
            "from": stays["entry_mode"],
            "to": stays["exit_mode"],
        }
    )
    alone = emergency[emergency["stay_id"].isna()]
    second = pd.DataFrame(
        {
            "key": alone["visit_id"],
            "patient_id": alone["patient_id"],
            "site_id": alone["site_id"],
            "start": alone["arrival_at"],
            "end": alone["exit_at"],
            "concept": EMERGENCY,
            "to": alone["exit_mode"],
        }
    )
    both = pd.concat([first, second], ignore_index=True)
    return both.sort_values(["start", "key"], ignore_index=True)


def _details(source: Tables, visits: pd.DataFrame) -> pd.DataFrame:
    """Return every visit detail: key, visit, patient, ward, start, end, concept, modes."""
    about = visits.set_index("key")[["patient_id", "site_id"]]
    rum = source["rum"]
    stay = about.loc[rum["stay_id"]].reset_index(drop=True)
    unit = rum["unit"].astype("str")
    first = pd.DataFrame(
        {
            "key": rum["rum_id"],
            "visit": rum["stay_id"],
            "patient_id": stay["patient_id"],
            "ward": stay["site_id"] + "-" + unit,
            "start": rum["entry_at"],
            "end": rum["exit_at"],
            "concept": np.where(unit.isin(_DAY_UNITS), OUTPATIENT, INPATIENT),
            "from": rum["entry_mode"],
            "to": rum["exit_mode"],
        }
    )
    emergency = source["emergency_visits"].dropna(subset=["stay_id"])
    second = pd.DataFrame(
        {
            "key": emergency["visit_id"],
            "visit": emergency["stay_id"],
            "patient_id": emergency["patient_id"],
            "ward": emergency["site_id"] + "-URG",
            "start": emergency["arrival_at"],
            "end": emergency["exit_at"],
            "concept": EMERGENCY,
            "to": emergency["exit_mode"],
        }
    )
    both = pd.concat([first, second], ignore_index=True)
    return both.sort_values(["start", "key"], ignore_index=True)


def _person(source: Tables, keys: _Keys) -> pd.DataFrame:
    people = source["patients"]
    birth = people["birth_date"]
    return pd.DataFrame(
        {
            "person_id": keys.of(keys.person, people["patient_id"]),
            "gender_concept_id": people["sex"].map({"M": MALE, "F": FEMALE}),
            "year_of_birth": birth.dt.year,
            "month_of_birth": birth.dt.month,
            "day_of_birth": birth.dt.day,
            "race_concept_id": NO_CONCEPT,
            "ethnicity_concept_id": NO_CONCEPT,
            "care_site_id": keys.of(keys.care_site, people["site_id"]),
            "person_source_value": people["patient_id"],
            "gender_source_value": people["sex"],
            "gender_source_concept_id": NO_CONCEPT,
        }
    )


def _observation_period(source: Tables, keys: _Keys) -> pd.DataFrame:
    people = source["patients"]
    first, last = keys.visits["start"].min(), keys.visits["end"].max()
    number = keys.of(keys.person, people["patient_id"])
    return pd.DataFrame(
        {
            "observation_period_id": number,
            "person_id": number,
            "observation_period_start_date": people["birth_date"].clip(lower=first.floor("D")),
            "observation_period_end_date": people["death_date"].fillna(last),
            "period_type_concept_id": EHR_ALGORITHM,
        }
    )


def _occurrence(keys: _Keys, frame: pd.DataFrame, name: str, numbers: pd.Series) -> pd.DataFrame:
    """Return what visit_occurrence and visit_detail have alike."""
    number = keys.of(numbers, frame["key"])
    before = number.groupby(frame["patient_id"], sort=False).shift()
    return pd.DataFrame(
        {
            f"{name}_id": number,
            "person_id": keys.of(keys.person, frame["patient_id"]),
            f"{name.removesuffix('_occurrence')}_concept_id": frame["concept"],
            f"{name.removesuffix('_occurrence')}_start_date": frame["start"],
            f"{name.removesuffix('_occurrence')}_start_datetime": frame["start"],
            f"{name.removesuffix('_occurrence')}_end_date": frame["end"],
            f"{name.removesuffix('_occurrence')}_end_datetime": frame["end"],
            f"{name.removesuffix('_occurrence')}_type_concept_id": EHR_ENCOUNTER,
            f"{name.removesuffix('_occurrence')}_source_value": frame["key"],
            f"{name.removesuffix('_occurrence')}_source_concept_id": NO_CONCEPT,
            "admitted_from_concept_id": NO_CONCEPT,
            "admitted_from_source_value": frame["from"],
            "discharged_to_concept_id": NO_CONCEPT,
            "discharged_to_source_value": frame["to"],
            f"preceding_{name}_id": before,
        }
    )


def _visit_occurrence(source: Tables, keys: _Keys) -> pd.DataFrame:
    made = _occurrence(keys, keys.visits, "visit_occurrence", keys.visit)
    return made.assign(care_site_id=keys.of(keys.care_site, keys.visits["site_id"]))


def _visit_detail(source: Tables, keys: _Keys) -> pd.DataFrame:
    made = _occurrence(keys, keys.details, "visit_detail", keys.detail)
    return made.assign(
        care_site_id=keys.of(keys.care_site, keys.details["ward"]),
        visit_occurrence_id=keys.of(keys.visit, keys.details["visit"]),
    )


def _condition_occurrence(source: Tables, keys: _Keys) -> pd.DataFrame:
    detail = keys.details.set_index("key")
    listed = source["diagnoses"]
    unit = detail.loc[listed["rum_id"]].reset_index(drop=True)
    coded = pd.DataFrame(
        {
            "patient_id": unit["patient_id"],
            "visit_occurrence_id": keys.of(keys.visit, unit["visit"]),
            "visit_detail_id": keys.of(keys.detail, listed["rum_id"]).reset_index(drop=True),
            "start": unit["start"],
            "end": unit["end"],
            "code": listed["code"].astype("str").reset_index(drop=True),
            "role": listed["role"].astype("str").reset_index(drop=True),
        }
    )
    visits = source["emergency_visits"].dropna(subset=["dp"])
    emergency = pd.DataFrame(
        {
            "patient_id": visits["patient_id"],
            "visit_occurrence_id": keys.of(keys.emergency_visit, visits["visit_id"]),
            "visit_detail_id": keys.of(keys.detail, visits["visit_id"]),
            "start": visits["arrival_at"],
            "end": visits["exit_at"],
            "code": visits["dp"].astype("str"),
            "role": "DP",
        }
    )
    both = pd.concat([coded, emergency], ignore_index=True)
    return pd.DataFrame(
        {
            "condition_occurrence_id": np.arange(1, len(both) + 1),
            "person_id": keys.of(keys.person, both["patient_id"]),
            "condition_concept_id": NO_CONCEPT,
            "condition_start_date": both["start"],
            "condition_start_datetime": both["start"],
            "condition_end_date": both["end"],
            "condition_end_datetime": both["end"],
            "condition_type_concept_id": EHR_ENCOUNTER,
            "condition_status_concept_id": np.where(
                both["role"] == "DP", PRIMARY_DIAGNOSIS, NO_CONCEPT
            ),
            "visit_occurrence_id": both["visit_occurrence_id"],
            "visit_detail_id": both["visit_detail_id"],
            "condition_source_value": both["code"],
            "condition_source_concept_id": NO_CONCEPT,
            "condition_status_source_value": both["role"],
        }
    )


def _visit_of(frame: pd.DataFrame, keys: _Keys) -> pd.Series:
    """Return the visit of rows that name a stay, or the emergency visit without one."""
    stay = keys.of(keys.visit, frame["stay_id"])
    if "visit_id" not in frame:
        return stay
    return stay.fillna(keys.of(keys.emergency_visit, frame["visit_id"]))


def _procedure_occurrence(source: Tables, keys: _Keys) -> pd.DataFrame:
    if "procedures" not in source:
        return pd.DataFrame()
    acts = source["procedures"]
    return pd.DataFrame(
        {
            "procedure_occurrence_id": np.arange(1, len(acts) + 1),
            "person_id": keys.of(keys.person, acts["patient_id"]),
            "procedure_concept_id": NO_CONCEPT,
            "procedure_date": acts["performed_at"],
            "procedure_datetime": acts["performed_at"],
            "procedure_type_concept_id": EHR_ENCOUNTER,
            "visit_occurrence_id": _visit_of(acts, keys),
            "visit_detail_id": keys.of(keys.detail, acts["rum_id"]),
            "procedure_source_value": acts["ccam"].astype("str"),
            "procedure_source_concept_id": NO_CONCEPT,
        }
    )


def _drug_exposure(source: Tables, keys: _Keys) -> pd.DataFrame:
    if "prescriptions" not in source:
        return pd.DataFrame()
    orders = source["prescriptions"]
    return pd.DataFrame(
        {
            "drug_exposure_id": np.arange(1, len(orders) + 1),
            "person_id": keys.of(keys.person, orders["patient_id"]),
            "drug_concept_id": NO_CONCEPT,
            "drug_exposure_start_date": orders["start_at"],
            "drug_exposure_start_datetime": orders["start_at"],
            "drug_exposure_end_date": orders["end_at"],
            "drug_exposure_end_datetime": orders["end_at"],
            "drug_type_concept_id": EHR_PRESCRIPTION,
            "route_concept_id": NO_CONCEPT,
            "visit_occurrence_id": _visit_of(orders, keys),
            "drug_source_value": orders["atc"].astype("str"),
            "drug_source_concept_id": NO_CONCEPT,
            "route_source_value": orders["route"].astype("str"),
            "dose_unit_source_value": orders["unit"].astype("str"),
        }
    )


def _measures(frame: pd.DataFrame, keys: _Keys, at: str) -> pd.DataFrame:
    """Return what results and vital signs have alike, without the measure itself."""
    return pd.DataFrame(
        {
            "person_id": keys.of(keys.person, frame["patient_id"]),
            "measurement_concept_id": NO_CONCEPT,
            "measurement_date": frame[at],
            "measurement_datetime": frame[at],
            "measurement_type_concept_id": EHR_ENCOUNTER,
            "unit_concept_id": NO_CONCEPT,
            "visit_occurrence_id": _visit_of(frame, keys),
            "measurement_source_concept_id": NO_CONCEPT,
            "unit_source_concept_id": NO_CONCEPT,
        }
    )


def _measurement(source: Tables, keys: _Keys) -> pd.DataFrame:
    parts = []
    if "laboratory" in source:
        results = source["laboratory"]
        parts.append(
            _measures(results, keys, "sampled_at").assign(
                value_as_number=results["value"],
                range_low=results["low"].replace(-np.inf, np.nan),
                range_high=results["high"].replace(np.inf, np.nan),
                measurement_source_value=results["loinc"].astype("str"),
                unit_source_value=results["unit"].astype("str"),
            )
        )
    if "vitals" in source:
        signs = source["vitals"]
        common = _measures(signs, keys, "measured_at")
        pressures = [(column, code, "mmHg") for column, code, _ in PRESSURES]
        for column, code, unit in [*((c, o, u) for c, o, _, u in VITAL_SIGNS), *pressures]:
            known = signs[column].notna()
            parts.append(
                common[known].assign(
                    # 36.3 in single precision is 36.29999… in double
                    value_as_number=signs.loc[known, column].astype("float64").round(4),
                    measurement_source_value=code,
                    unit_source_value=unit,
                )
            )
    if not parts:
        return pd.DataFrame()
    both = pd.concat(parts, ignore_index=True)
    return both.assign(measurement_id=np.arange(1, len(both) + 1))


def _death(source: Tables, keys: _Keys) -> pd.DataFrame:
    dead = source["patients"].dropna(subset=["death_date"])
    return pd.DataFrame(
        {
            "person_id": keys.of(keys.person, dead["patient_id"]),
            "death_date": dead["death_date"],
            "death_type_concept_id": EHR,
        }
    )


def _location(source: Tables, keys: _Keys) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "location_id": keys.site.to_numpy(),
            "location_source_value": keys.site.index,
            "country_source_value": "France",
        }
    )


def _care_site(source: Tables, keys: _Keys) -> pd.DataFrame:
    names = {site.site_id: site.french for site in SITES}
    site = pd.concat([pd.Series(keys.site.index), keys.ward["site_id"]], ignore_index=True)
    unit = pd.concat(
        [pd.Series([""] * len(keys.site)), " – " + keys.ward["unit"]], ignore_index=True
    )
    return pd.DataFrame(
        {
            "care_site_id": keys.care_site.to_numpy(),
            "care_site_name": site.map(names) + unit,
            "place_of_service_concept_id": NO_CONCEPT,
            "location_id": keys.of(keys.site, site),
            "care_site_source_value": keys.care_site.index,
        }
    )


def _provider(source: Tables, keys: _Keys) -> pd.DataFrame:
    staff = source["staff"]
    ward = staff["site_id"].astype("str") + "-" + staff["unit"].astype("str")
    return pd.DataFrame(
        {
            "provider_id": keys.of(keys.provider, staff["staff_id"]),
            "specialty_concept_id": NO_CONCEPT,
            "care_site_id": keys.of(keys.care_site, ward),
            "gender_concept_id": NO_CONCEPT,
            "provider_source_value": staff["staff_id"],
            "specialty_source_value": staff["role"].astype("str"),
        }
    )


def _cdm_source(source: Tables, keys: _Keys) -> pd.DataFrame:
    last = keys.visits["end"].max()
    return pd.DataFrame(
        {
            "cdm_source_name": ["Virtual hospital of École IA Santé (synthetic)"],
            "cdm_source_abbreviation": ["virtual hospital"],
            "cdm_holder": ["École IA Santé"],
            "source_description": ["Generated from a seed; nobody in it is real."],
            "source_release_date": [last],
            "cdm_release_date": [last],
            "cdm_version": ["v5.4"],
            "cdm_version_concept_id": [CDM_5_4],
            "vocabulary_version": ["none loaded"],
        }
    )


_BUILDERS: Final[Mapping[str, Callable[[Tables, _Keys], pd.DataFrame]]] = {
    "person": _person,
    "observation_period": _observation_period,
    "visit_occurrence": _visit_occurrence,
    "visit_detail": _visit_detail,
    "condition_occurrence": _condition_occurrence,
    "drug_exposure": _drug_exposure,
    "procedure_occurrence": _procedure_occurrence,
    "measurement": _measurement,
    "death": _death,
    "location": _location,
    "care_site": _care_site,
    "provider": _provider,
    "cdm_source": _cdm_source,
}
