"""How values become text: the canonical form of the truth, and the habits of French software.

Arrays of text are object arrays; an absent value is an empty text.
"""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Texts = NDArray[np.object_]
MONTHS: Final = (
    *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
    *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
)
# HL7 is the format of an HL7 v2 message: 20230105130000
DATE_FORMATS: Final = ("iso", "hl7", "month_name")


def is_datetime(values: pd.Series) -> bool:
    """Tell whether a column holds moments."""
    return bool(pd.api.types.is_datetime64_any_dtype(values.dtype))


def is_number(values: pd.Series) -> bool:
    """Tell whether a column holds numbers; truth values are none."""
    kind = values.dtype
    return bool(pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind))


def date_only(values: pd.Series) -> bool:
    """Tell whether a column holds midnights only, as one of birth dates does."""
    if not is_datetime(values):
        return False
    known = values.dropna()
    return bool(len(known) > 0 and (known == known.dt.normalize()).all())


def canonical(values: pd.Series, dates: bool | None = None) -> Texts:
    """Return values as the truth writes them: ISO moments, shortest decimals with a point.

    Args:
        values: a column of any documented type.
        dates: write moments as days; by default when all are midnights.
    """
    if is_datetime(values):
        return moments(values, "iso", date_only(values) if dates is None else dates)
    if pd.api.types.is_float_dtype(values.dtype):
        return _distinct(values, decimal_text)
    return _distinct(values, str)


def decimal_text(value: float) -> str:
    """Return a number in the shortest form that its precision allows, never with an exponent."""
    return np.format_float_positional(value, trim="-")


def _distinct(values: pd.Series, write: Any) -> Texts:
    """Write each distinct value once."""
    codes, distinct = pd.factorize(values)
    written = np.array([*(write(value) for value in np.asarray(distinct)), ""], dtype=object)
    return np.asarray(written[codes])


def moments(values: pd.Series, form: str, dates: bool) -> Texts:
    """Return moments as text.

    Args:
        values: datetime64 column.
        form: `french` (05/01/2023 13:00:00), `iso`, `fhir` (2023-01-05T13:00:00, without zone),
            `hl7` (20230105130000), `month_name` (5 janv. 2023 13h00, seconds unless 00).
        dates: write the day alone.
    """
    seconds = values.to_numpy().astype("datetime64[s]").astype("int64")
    known = values.notna().to_numpy()
    day, second = np.divmod(seconds, 86_400)
    day_codes, days = pd.factorize(np.where(known, day, 0))
    text = np.array([_day(one, form) for one in days.astype("datetime64[D]")], dtype=object)
    written = text[day_codes]
    if not dates:
        time_codes, times = pd.factorize(np.where(known, second, 0))
        clock = np.array([_clock(int(one), form) for one in times], dtype=object)
        written = written + clock[time_codes]
    return np.where(known, written, "")


def _day(day: np.datetime64, form: str) -> str:
    year, month, number = str(day).split("-")
    if form == "french":
        return f"{number}/{month}/{year}"
    if form == "hl7":
        return f"{year}{month}{number}"
    if form == "month_name":
        return f"{int(number)} {MONTHS[int(month) - 1]} {year}"
    return f"{year}-{month}-{number}"


def _clock(second: int, form: str) -> str:
    hours, minutes, seconds = second // 3600, second // 60 % 60, second % 60
    if form == "hl7":
        return f"{hours:02d}{minutes:02d}{seconds:02d}"
    if form == "month_name":
        return f" {hours:02d}h{minutes:02d}" + (f":{seconds:02d}" if seconds else "")
    between = "T" if form == "fhir" else " "
    return f"{between}{hours:02d}:{minutes:02d}:{seconds:02d}"


def last_sunday(year: int, month: int) -> np.datetime64:
    """Return the last Sunday of a month of 31 days."""
    last = np.datetime64(f"{year:04d}-{month:02d}-31", "D")
    # 1970-01-01 was a Thursday: Sunday is day 3 of the weeks counted from it
    return np.datetime64(last - (last.astype("int64") - 3) % 7, "D")


def in_summer_time(values: pd.Series) -> NDArray[np.bool_]:
    """Tell which local times of metropolitan France are in summer time (rule of the EU).

    From 02:00 on the last Sunday of March to 03:00 on the last Sunday of October; the hour that
    occurs twice in October counts as summer time. Absent moments are not.
    """
    times = values.to_numpy().astype("datetime64[s]")
    summer = np.zeros(len(times), dtype=bool)
    known = values.notna().to_numpy()
    for year in np.unique(times[known].astype("datetime64[Y]").astype("int64") + 1970):
        begin = last_sunday(int(year), 3) + np.timedelta64(2 * 3600, "s")
        end = last_sunday(int(year), 10) + np.timedelta64(3 * 3600, "s")
        summer |= known & (times >= begin) & (times < end)
    return summer
