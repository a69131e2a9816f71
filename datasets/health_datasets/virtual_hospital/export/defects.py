"""The kinds of defects that an export may hold: which cells each can hit, and what it writes.

A kind looks at the clean tables alone to choose where it strikes, with a random stream of its
own: asking for another kind moves none of its cells.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from health_datasets.virtual_hospital.export import texts
from health_datasets.virtual_hospital.export.texts import Texts
from health_datasets.virtual_hospital.tables import Column

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Rng = np.random.Generator
NBSP: Final = "\u00a0"
# (LOINC code, unit with u for µ): (other unit, factor, decimals). Molar masses in g/mol: glucose
# 180.16, creatinine 113.12, urea 60.06, bilirubin 584.7; one decimal more than is usual, so that
# a value can be converted back
CONVERSIONS: Final[Mapping[tuple[str, str], tuple[str, float, int]]] = {
    ("14749-6", "mmol/L"): ("g/L", 0.18016, 3),
    ("2345-7", "g/L"): ("mmol/L", 1 / 0.18016, 2),
    ("14682-9", "umol/L"): ("mg/L", 0.11312, 2),
    ("2160-0", "mg/L"): ("µmol/L", 1 / 0.11312, 1),
    ("22664-7", "mmol/L"): ("g/L", 0.06006, 3),
    ("3091-6", "g/L"): ("mmol/L", 1 / 0.06006, 2),
    ("14631-6", "umol/L"): ("mg/L", 0.5847, 2),
    ("1975-2", "mg/L"): ("µmol/L", 1 / 0.5847, 1),
    ("718-7", "g/L"): ("g/dL", 0.1, 1),
    ("718-7", "g/dL"): ("g/L", 10.0, 0),
    ("1751-7", "g/L"): ("g/dL", 0.1, 1),
    ("1988-5", "mg/L"): ("mg/dL", 0.1, 2),
}
# columns that name a device or what stands for it, the first one that a table has
DEVICES: Final = ("device", "specimen", "bed", "unit", "site_id")


class DefectError(ValueError):
    """The defects asked for cannot be planted; the message says what to change."""


@dataclass(frozen=True)
class View:
    """A clean table and what its columns mean.

    Attributes:
        name: the table's name.
        frame: the clean rows, numbered from 0.
        columns: the meaning of each column of `frame`, by name.
    """

    name: str
    frame: pd.DataFrame
    columns: Mapping[str, Column]

    def is_key(self, column: str) -> bool:
        return self.columns[column].key != ""

    def is_primary(self, column: str) -> bool:
        return self.columns[column].key == "primary"

    def is_text(self, column: str) -> bool:
        return self.columns[column].type in ("str", "category")

    @property
    def times(self) -> list[str]:
        """Columns of times of events, in order; days (birth, death) are none."""
        return [
            name
            for name in self.frame.columns
            if (name == "at" or name.endswith("_at")) and texts.is_datetime(self.frame[name])
        ]

    @property
    def device(self) -> str | None:
        """The column that says which clock a row was timed by, if there is one."""
        measures = "value" in self.frame  # then `unit` is one of measurement
        names = (name for name in DEVICES if not (measures and name == "unit"))
        return next((name for name in names if name in self.frame), None)

    @property
    def primary(self) -> str | None:
        """The primary key, where it is one column."""
        found = [name for name in self.frame.columns if self.is_primary(name)]
        return found[0] if len(found) == 1 else None


def draw(rng: Rng, rows: Rows, share: float) -> Rows:
    """Draw that share of the rows, at least one, in order."""
    if share == 0 or len(rows) == 0:
        return rows[:0]
    count = min(len(rows), max(1, round(share * len(rows))))
    return np.sort(rng.choice(rows, size=count, replace=False, shuffle=False))


# --- which cells a kind may hit: from the clean table to a mask, None for a column without any


def _not_missing(view: View, column: str) -> Mask:
    return np.asarray(view.frame[column].notna().to_numpy(dtype=bool))


def swappable(view: View, column: str) -> Mask | None:
    """Moments whose day is also a month, another one."""
    values = view.frame[column]
    if not texts.is_datetime(values):
        return None
    day, month = values.dt.day, values.dt.month
    return np.asarray(((day <= 12) & (day != month)).to_numpy(dtype=bool))


def dated(view: View, column: str) -> Mask | None:
    return _not_missing(view, column) if texts.is_datetime(view.frame[column]) else None


def fractional(view: View, column: str) -> Mask | None:
    """Numbers with decimals."""
    values = view.frame[column]
    if not pd.api.types.is_float_dtype(values.dtype):
        return None
    number = values.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(np.isfinite(number) & (number != np.round(number)))


def thousand(view: View, column: str) -> Mask | None:
    """Numbers of a thousand or more, positive or negative."""
    values = view.frame[column]
    if not texts.is_number(values):
        return None
    number = np.abs(values.to_numpy(dtype=float, na_value=np.nan))
    return np.asarray((number >= 1000) & (number < 1e15))


def wordy(view: View, column: str) -> Mask | None:
    """Words: text that is no key."""
    if not view.is_text(column) or view.is_key(column):
        return None
    return _not_missing(view, column)


def accented(view: View, column: str) -> Mask | None:
    """Words with accents that survive being read in the wrong encoding."""
    if not view.is_text(column) or view.is_primary(column):
        return None
    codes, distinct = pd.factorize(view.frame[column])
    spoilt = [mojibake(str(value)) != str(value) for value in distinct]
    return np.asarray(np.array([*spoilt, False], dtype=bool)[codes])


def foreign(view: View, column: str) -> Mask | None:
    """Keys that point at another table."""
    if not view.is_key(column) or view.is_primary(column):
        return None
    return _not_missing(view, column)


def zero_led(view: View, column: str) -> Mask | None:
    """Identifiers with leading zeros (after a prefix in letters), primary keys left out."""
    if view.columns[column].type != "str" or view.is_primary(column):
        return None
    values = view.frame[column]
    first = values.dropna().head(1)
    if not view.is_key(column) and not first.str.fullmatch(r"\w{1,20}").all():
        return None
    return np.asarray(values.str.fullmatch(r"[A-Z]{0,4}0+[0-9]*[1-9][0-9]*").fillna(False))


def losable(view: View, column: str) -> Mask | None:
    """Values that may be lost: all but keys."""
    return None if view.is_key(column) else _not_missing(view, column)


def losable_number(view: View, column: str) -> Mask | None:
    if view.is_key(column) or not texts.is_number(view.frame[column]):
        return None
    return _not_missing(view, column)


# --- what a kind writes


def swap_day_month(values: pd.Series, rng: Rng) -> pd.Series:
    """Exchange day and month where the day is a month; the time stays."""
    moment = values.to_numpy().astype("datetime64[s]")
    month_start = moment.astype("datetime64[M]")
    day = (moment.astype("datetime64[D]") - month_start.astype("datetime64[D]")).astype("int64")
    year = month_start.astype("datetime64[Y]")
    month = (month_start - year.astype("datetime64[M]")).astype("int64")
    swapped = (year.astype("datetime64[M]") + day).astype("datetime64[D]") + month
    time = moment - moment.astype("datetime64[D]")
    possible = (day < 12) & (day != month) & values.notna().to_numpy()
    result = np.where(possible, swapped.astype("datetime64[s]") + time, moment)
    return pd.Series(result, index=values.index)


def orphan_keys(values: pd.Series, rng: Rng) -> pd.Series:
    """Replace keys by keys of the same form that nothing bears: numbers from 9,000,… down."""
    parts = values.astype("str").str.extract(r"^(.*?)([0-9]*)$")
    width = parts[1].str.len().clip(lower=4, upper=17).to_numpy(dtype="int64")
    top = 9 * 10 ** (width - 1)
    number = pd.Series(top + rng.integers(0, 900, len(values)), index=values.index).astype("str")
    return parts[0] + number


def lose_zeros(values: pd.Series, rng: Rng) -> pd.Series:
    """Drop the zeros that lead the number, as a spreadsheet does: 01004 → 1004, P007 → P7."""
    return values.str.replace(r"^([A-Z]*)0+(?=[0-9])", r"\1", regex=True)


def decimal_comma(written: Texts, values: pd.Series, rng: Rng) -> Texts:
    return _each(written, lambda text: text.replace(".", ","))


def thousands_space(written: Texts, values: pd.Series, rng: Rng) -> Texts:
    """Group digits by three; half of the cells with a no-break space."""
    spaces = rng.integers(0, 2, len(written))
    return np.array(
        [
            _grouped(text, NBSP if space else " ")
            for text, space in zip(written, spaces, strict=True)
        ],
        dtype=object,
    )


def _grouped(text: str, space: str) -> str:
    sign = "-" if text.startswith("-") else ""
    digits = text.removeprefix("-")
    mark = "," if "," in digits else "."
    whole, point, rest = digits.partition(mark)
    return f"{sign}{int(whole):,}".replace(",", space) + point + rest if whole.isdigit() else text


def mixed_dates(written: Texts, values: pd.Series, rng: Rng) -> Texts:
    """Write moments in one of the three other formats, each as often as the others."""
    days = bool(len(written)) and max(map(len, written)) == len("05/01/2023")
    forms = rng.integers(0, len(texts.DATE_FORMATS), len(written))
    result = written.copy()
    for number, form in enumerate(texts.DATE_FORMATS):
        chosen = forms == number
        result[chosen] = texts.moments(values[chosen], form, days)
    return result


def mojibake(text: str) -> str:
    """Return text in UTF-8 read as cp1252 (`Hélène` → `HÃ©lÃ¨ne`); unchanged if impossible."""
    try:
        return text.encode("utf-8").decode("cp1252")
    except UnicodeDecodeError:
        return text


def wrong_encoding(written: Texts, values: pd.Series, rng: Rng) -> Texts:
    return _each(written, mojibake)


def stray_spaces(written: Texts, values: pd.Series, rng: Rng) -> Texts:
    """Put a space before, a space after, two before or a no-break space after."""
    around = (("", " "), (" ", ""), ("  ", ""), ("", NBSP))
    forms = rng.integers(0, len(around), len(written))
    pairs = (around[form] for form in forms)
    return np.array(
        [before + text + after for text, (before, after) in zip(written, pairs, strict=True)],
        dtype=object,
    )


def _each(written: Texts, change: Callable[[str], str]) -> Texts:
    return np.array([change(text) for text in written], dtype=object)


@dataclass(frozen=True)
class CellKind:
    """A kind that changes the cells of a column, one by one.

    Attributes:
        name: as in `defects=`.
        share: share of the cells that it may hit, when only its name is given.
        meaning: one line.
        eligible: mask of the cells that it may hit, None for a column without any.
        change: new values of the cells hit, for kinds that change what the cell says.
        write: new text of the cells hit, for kinds that change how it is written.
    """

    name: str
    share: float
    meaning: str
    eligible: Callable[[View, str], Mask | None]
    change: Callable[[pd.Series, Rng], pd.Series] | None = None
    write: Callable[[Texts, pd.Series, Rng], Texts] | None = None


# in the order in which they act upon a cell
CELL_KINDS: Final = (
    CellKind(
        "swapped_day_month", 0.02, "day and month exchanged (day at most 12)",
        swappable, change=swap_day_month,
    ),
    CellKind(
        "orphan_key", 0.005, "a foreign key that points at nothing",
        foreign, change=orphan_keys,
    ),
    CellKind(
        "lost_zeros", 0.05, "leading zeros of an identifier lost", zero_led, change=lose_zeros
    ),
    CellKind(
        "mixed_dates", 0.1, "ISO, HL7 and month-name dates among French ones",
        dated, write=mixed_dates,
    ),
    CellKind(
        "decimal_comma", 0.1, "a decimal comma among decimal points",
        fractional, write=decimal_comma,
    ),
    CellKind(
        "thousands_space", 0.3, "1 234 with a space or a no-break space, from a thousand on",
        thousand, write=thousands_space,
    ),
    CellKind(
        "mojibake", 0.1, "accents of UTF-8 read as cp1252", accented, write=wrong_encoding
    ),
    CellKind(
        "stray_spaces", 0.03, "spaces before or after a word", wordy, write=stray_spaces
    ),
)  # fmt: skip
# kinds that planting.py carries out itself: (default share, what the share is of, meaning)
OTHER_KINDS: Final[Mapping[str, tuple[float, str, str]]] = {
    "unit_change": (0.3, "analytes", "another unit from a date on; the unit column follows"),
    "silent_unit_change": (0.3, "analytes", "another unit from a date on; the unit column lies"),
    "shifted_clock": (0.02, "devices", "the clock of a device is some hours off (last time)"),
    "missed_dst": (0.02, "devices", "a device stays in winter time in summer (last time)"),
    "late_correction": (0.01, "rows", "a wrong value, corrected by a later version at the end"),
    "contradiction": (0.005, "rows", "two versions that disagree; the first one is right"),
    "exact_duplicate": (0.01, "rows", "the same row twice"),
    "near_duplicate": (0.01, "rows", "the row again, with another time of export"),
    "out_of_order": (0.01, "rows", "a row written after rows exported later"),
    "missing_at_random": (0.03, "cells", "absent, more often for some values of another column"),
    "missing_not_at_random": (0.03, "cells", "absent, the more often the higher the value"),
}
DEFECTS: Final[Mapping[str, float]] = {kind.name: kind.share for kind in CELL_KINDS} | {
    name: share for name, (share, _, _) in OTHER_KINDS.items()
}


def defect_kinds() -> pd.DataFrame:
    """Return the kinds of defects: `kind`, default `share`, what it is a share `of`, `meaning`."""
    cells = [(kind.name, kind.share, "cells", kind.meaning) for kind in CELL_KINDS]
    others = [(name, *values) for name, values in OTHER_KINDS.items()]
    return pd.DataFrame([*cells, *others], columns=["kind", "share", "of", "meaning"])


def wanted_shares(defects: str | Iterable[str] | Mapping[str, float]) -> dict[str, float]:
    """Return the share of each kind asked for, checked.

    Args:
        defects: a name, names, names with shares (0 to 1), or `"all"`.

    Raises:
        DefectError: an unknown name (the nearest is suggested), a share out of range.
    """
    if isinstance(defects, str):
        defects = list(DEFECTS) if defects == "all" else [defects]
    given = defects if isinstance(defects, Mapping) else dict.fromkeys(defects)
    shares: dict[str, float] = {}
    for name, share in given.items():
        if name not in DEFECTS:
            near = get_close_matches(str(name), DEFECTS, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(DEFECTS)}"
            raise DefectError(f"no defect is called {name!r}: {hint}")
        value = DEFECTS[name] if share is None else share
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise DefectError(f"the share of {name!r} must be a number from 0 to 1, not {value!r}")
        shares[name] = float(value)
    return shares
