"""What leaves the virtual hospital: exports with planted defects, Parquet, DuckDB, FHIR, OMOP.

Everything here reads a hospital's tables and their documented columns. Nobody in them is real.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import pandas as pd

from health_datasets.virtual_hospital.export.defects import DefectError, defect_kinds
from health_datasets.virtual_hospital.export.planting import plant
from health_datasets.virtual_hospital.export.result import Export
from health_datasets.virtual_hospital.tables import Column, definition

__all__ = ["DefectError", "Export", "defect_kinds", "export", "plant", "read"]


class HasTables(Protocol):
    """What a hospital is here: its tables by name."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]: ...


def meanings(tables: Iterable[str]) -> dict[str, Sequence[Column]]:
    """Return the documented columns of tables.

    Raises:
        UnknownTableError: there is no such table; the nearest is suggested.
    """
    return {name: definition(name).columns for name in tables}


def read(hospital: HasTables, tables: str | Iterable[str] | None) -> dict[str, pd.DataFrame]:
    """Return tables of a hospital by name, all of them if `tables` is None."""
    names = [tables] if isinstance(tables, str) else tables
    return {name: hospital.tables[name] for name in (hospital.tables if names is None else names)}


def export(
    hospital: HasTables,
    tables: str | Iterable[str] | None = None,
    *,
    defects: str | Iterable[str] | Mapping[str, float],
    seed: int,
) -> Export:
    """Return tables as the files of an export would hold them, with known defects planted.

    Args:
        hospital: the hospital.
        tables: names of tables, all by default.
        defects: what to plant: a name, names, names with their shares (0 to 1), or `"all"` for
            every kind that these tables can hold. `defect_kinds()` lists them.
        seed: of the export: another seed plants other defects in the same tables.

    Returns:
        The tables, the truth beside and one row for each defect planted (see `Export`).

    Raises:
        DefectError: an unknown defect (the nearest is suggested), a share out of range, or a
            defect that none of these tables can hold.
        UnknownTableError: there is no such table.
    """
    chosen = read(hospital, tables)
    return plant(chosen, meanings(chosen), defects, seed)
