"""The tables of the hospital: what makes each, and what each column means.

A module that brings tables lists them in `TABLES` and has its line in `MODULES` below; it is
imported when one of its tables is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Final
from weakref import WeakKeyDictionary

import pandas as pd

from health_datasets.virtual_hospital.facts import Facts


@dataclass(frozen=True)
class Column:
    """What a column holds.

    Attributes:
        name: its name.
        type: `str`, `int`, `Int64` and `boolean` (may be missing), `float`, `bool`, `category`,
            `datetime` (datetime64[s], local time, no zone).
        meaning: one line, in English; the codes that it may hold.
        unit: of a number, such as `days`; empty otherwise.
        key: `primary`, or the column that it points at, such as `patients.patient_id`.
        french: the meaning in French.
    """

    name: str
    type: str
    meaning: str
    unit: str = ""
    key: str = ""
    french: str = ""


@dataclass(frozen=True)
class Table:
    """A table: how it is made and what its columns mean.

    Attributes:
        name: its name.
        french, english: one line each.
        columns: every column, in order.
        make: `make(facts, seed)` returns the table; it draws from `stream(seed, name)` and
            from no other stream, and reads another table with `table(facts, "stays")`.
    """

    name: str
    french: str
    english: str
    columns: tuple[Column, ...]
    make: Callable[[Facts, int], pd.DataFrame]


_PACKAGE: Final = "health_datasets.virtual_hospital"
# table → module of this package whose `TABLES` has it; the order is the one of the catalogue
MODULES: Final[dict[str, str]] = {
    "patients": "identity",
    "stays": "pmsi",
    "rum": "pmsi",
    "diagnoses": "pmsi",
    "movements": "beds",
    "emergency_visits": "emergency",
    "outcomes": "outcomes",
    "events": "events",
    "staff": "identity",
    "laboratory": "laboratory",
    "vitals": "vitals",
    "prescriptions": "prescriptions",
    "procedures": "procedures",
    "alerts": "alerts",
    "reports": "reports",
}

_made: WeakKeyDictionary[Facts, dict[str, pd.DataFrame]] = WeakKeyDictionary()


def table_names() -> tuple[str, ...]:
    """Return the names of all tables."""
    return tuple(MODULES)


def definition(name: str) -> Table:
    """Return the definition of a table.

    Raises:
        UnknownTableError: there is no such table; the message suggests the nearest name.
    """
    if name not in MODULES:
        near = get_close_matches(name, MODULES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(MODULES)}"
        raise UnknownTableError(f"no table is called {name!r}: {hint}")
    module = import_module(f"{_PACKAGE}.{MODULES[name]}")
    return next(one for one in module.TABLES if one.name == name)


class UnknownTableError(KeyError):
    """No table has that name."""

    def __str__(self) -> str:
        return str(self.args[0])


def table(facts: Facts, name: str) -> pd.DataFrame:
    """Return a table of these facts, made at the first call.

    The frame is the caller's to change: pandas copies on write.
    """
    made = _made.setdefault(facts, {})
    if name not in made:
        one = definition(name)
        frame = one.make(facts, facts.seed)
        expected = [column.name for column in one.columns]
        if list(frame.columns) != expected:
            raise AssertionError(f"{name} has {list(frame.columns)}, documented: {expected}")
        made[name] = frame
    return made[name].copy(deep=False)


def columns(name: str) -> pd.DataFrame:
    """Return the documented columns of a table, one a row.

    Returns:
        `name`, `type`, `unit`, `key`, `meaning` (English) and `sens` (French).
    """
    rows = [(c.name, c.type, c.unit, c.key, c.meaning, c.french) for c in definition(name).columns]
    names = ["name", "type", "unit", "key", "meaning", "sens"]
    return pd.DataFrame(rows, columns=names, dtype="str")
