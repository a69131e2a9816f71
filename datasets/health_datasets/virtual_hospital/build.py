"""`hospital(...)`: a virtual hospital whose tables are made when they are asked for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from health_datasets.virtual_hospital import tables as registry
from health_datasets.virtual_hospital.alerts import true_alerts
from health_datasets.virtual_hospital.diagnoses import true_diagnoses
from health_datasets.virtual_hospital.facts import Facts, make_facts
from health_datasets.virtual_hospital.outcomes import true_outcomes
from health_datasets.virtual_hospital.prescriptions import true_prescriptions
from health_datasets.virtual_hospital.sites import SITES
from health_datasets.virtual_hospital.streams import LARGEST_SEED

if TYPE_CHECKING:
    from health_datasets.virtual_hospital.export import Export

MOST_PATIENTS = 2_000_000
FEWEST_DAYS, MOST_DAYS = 30, 3653
EARLIEST, LATEST = pd.Timestamp("1990-01-01"), pd.Timestamp("2100-01-01")


@dataclass(frozen=True)
class Truth:
    """What no table of a hospital says, for tests: never give it to who must find it.

    Attributes:
        facts: people, stays and units as drawn (see `virtual_hospital.facts`).
    """

    facts: Facts

    @property
    def patients(self) -> pd.DataFrame:
        """Comorbidities, frailty and death of every patient."""
        return self.facts.patients.copy(deep=False)

    @property
    def stays(self) -> pd.DataFrame:
        """Case, latent severity and what happens in every stay."""
        return self.facts.stays.copy(deep=False)

    @property
    def sites(self) -> pd.DataFrame:
        """The parameters of the sites."""
        return self.facts.sites.copy(deep=False)

    @property
    def diagnoses(self) -> pd.DataFrame:
        """Every true diagnosis of every stay, coded or not (see `true_diagnoses`)."""
        return true_diagnoses(self.facts)

    @property
    def outcomes(self) -> pd.DataFrame:
        """The true probability of every outcome (see `true_outcomes`)."""
        return true_outcomes(self.facts)

    @property
    def alerts(self) -> pd.DataFrame:
        """What every alert announced (see `true_alerts`)."""
        return true_alerts(self.facts)

    @property
    def prescriptions(self) -> pd.DataFrame:
        """Which doses the kidney called to adjust (see `true_prescriptions`)."""
        return true_prescriptions(self.facts)

    @property
    def report_entities(self) -> pd.DataFrame:
        """What the reports say, one mention a row (see `reports.ENTITY_COLUMNS`)."""
        from health_datasets.virtual_hospital.reports import true_entities

        return true_entities(self.facts).copy()


class Tables(Mapping[str, pd.DataFrame]):
    """All tables by name, in the order of the catalogue; each is made when it is read."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def __getitem__(self, name: str) -> pd.DataFrame:
        return registry.table(self._facts, name)

    def __iter__(self) -> Iterator[str]:
        return iter(registry.table_names())

    def __len__(self) -> int:
        return len(registry.table_names())

    def __contains__(self, name: object) -> bool:
        return name in registry.table_names()


class Hospital:
    """A virtual hospital. Nobody in it is real.

    Its tables are attributes (`hospital.stays`) or come by name (`hospital.table("stays")`,
    `hospital.tables["stays"]`); each is made at its first reading and kept. What is read is
    the caller's to change.

    Attributes:
        tables: all tables by name.
        truth: what the tables do not say.
    """

    def __init__(self, facts: Facts) -> None:
        self.tables = Tables(facts)
        self.truth = Truth(facts)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table.

        Raises:
            UnknownTableError: there is none of that name; the nearest is suggested.
        """
        return self.tables[name]

    def columns(self, name: str) -> pd.DataFrame:
        """Return what each column of a table is: name, type, unit, key, meaning, sens."""
        return registry.columns(name)

    def export(
        self,
        tables: str | Iterable[str] | None = None,
        *,
        defects: str | Iterable[str] | Mapping[str, float],
        seed: int,
    ) -> "Export":
        """Return tables as files would hold them, and known defects: `virtual_hospital.export`."""
        from health_datasets.virtual_hospital.export import export

        return export(self, tables, defects=defects, seed=seed)

    def to_parquet(self, folder: str | Path, tables: str | Iterable[str] | None = None) -> Path:
        """Write tables as Parquet files; see `virtual_hospital.export.outputs`."""
        from health_datasets.virtual_hospital.export.outputs import to_parquet

        return to_parquet(self, folder, tables)

    def to_duckdb(self, path: str | Path, tables: str | Iterable[str] | None = None) -> Path:
        """Write tables into a new DuckDB database; see `virtual_hospital.export.outputs`."""
        from health_datasets.virtual_hospital.export.outputs import to_duckdb

        return to_duckdb(self, path, tables)

    def to_fhir(self, folder: str | Path) -> dict[str, int]:
        """Write FHIR R4 resources as NDJSON files; see `virtual_hospital.export.fhir`."""
        from health_datasets.virtual_hospital.export.fhir import to_fhir

        return to_fhir(self, folder)

    def to_omop(self, path: str | Path) -> Path:
        """Write the core tables of OMOP CDM 5.4; see `virtual_hospital.export.omop`."""
        from health_datasets.virtual_hospital.export.omop import to_omop

        return to_omop(self, path)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or name not in registry.table_names():
            near = get_close_matches(name, registry.table_names(), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise AttributeError(f"a hospital has no {name!r}{hint}")
        return self.tables[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *registry.table_names()]

    def __repr__(self) -> str:
        facts = self.truth.facts
        return (
            f"<Hospital: {len(facts.patients):,} patients, {len(facts.sites)} site(s), "
            f"{facts.start:%Y-%m-%d} to {facts.end:%Y-%m-%d}, seed {facts.seed}>"
        )


def _whole(name: str, value: int, least: int, most: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{name} must lie between {least:,} and {most:,}, not {value!r}")
    return int(value)


def _day(name: str, value: str | pd.Timestamp) -> pd.Timestamp:
    try:
        day = pd.Timestamp(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f'{name} must be a date such as "2023-01-01", not {value!r}') from error
    if pd.isna(day) or day != day.normalize() or day.tz is not None:
        raise ValueError(f'{name} must be a day such as "2023-01-01", not {value!r}')
    return day


def hospital(
    patients: int = 5_000,
    *,
    seed: int,
    start: str | pd.Timestamp = "2023-01-01",
    days: int = 730,
    sites: int = 1,
    drift: str | pd.Timestamp | None = None,
) -> Hospital:
    """Return a virtual hospital: synthetic, seeded, consistent from one table to the other.

    Args:
        patients: how many people, 1 to 2,000,000.
        seed: the same arguments give byte-identical tables, on every machine.
        start: first day of the period.
        days: its length, 30 to 3,653 days.
        sites: 1 to 6 sites, which differ as `sites.SITES` says; each patient belongs to one.
        drift: from that day on, within the period, what `sites.DRIFT` says changes.

    Raises:
        TypeError, ValueError: an argument is impossible; the message says what is possible.
    """
    patients = _whole("patients", patients, 1, MOST_PATIENTS)
    seed = _whole("seed", seed, 0, LARGEST_SEED)
    days = _whole("days", days, FEWEST_DAYS, MOST_DAYS)
    sites = _whole("sites", sites, 1, len(SITES))
    first = _day("start", start)
    if not EARLIEST <= first <= LATEST:
        raise ValueError(f"start must lie between 1990 and 2100, not {start!r}")
    change = None if drift is None else _day("drift", drift)
    end = first + pd.Timedelta(days=days)
    if change is not None and not first <= change < end:
        raise ValueError(f"drift must lie within the period, {first:%Y-%m-%d} to {end:%Y-%m-%d}")
    return Hospital(make_facts(patients, seed, first, days, SITES[:sites], change))
