"""A laboratory export as a hospital's software writes it: real rows, planted defects.

The rows and their delays are those of `covid_testing`. How they are written (formats, units,
absent values, re-exports, corrections) and the times of day are drawn from a seed, so that
everything wrong with the text is known: it is in `LaboratoryExport.truth`.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from health_datasets.covid import covid_testing

# our assumption: the source counts days from an unstated start and is time-shifted
DAY_ZERO: Final = datetime(2020, 2, 1)
MISSING_MARKERS: Final = ("", "NR", "n/a", "\u2013")
# seven days: beyond it the course calls a delay absurd
ABSURD_MINUTES: Final = 7 * 24 * 60
SMALLEST_EXPORT: Final = 100
FRENCH_MONTHS: Final = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
# shares of the analyses; the first ones go to either delay in turn
DELAY_DEFECTS: Final = {"negative": 0.02, "absurd": 0.01, "missing": 0.02, "no_unit": 0.01}
DUPLICATE_SHARE, CONFLICT_SHARE, STRAY_SHARE = 0.02, 0.01, 0.05
DELAYS: Final = {"col_rec_tat": "col_rec", "rec_ver_tat": "rec_ver"}
NBSP: Final = "\u00a0"


@dataclass(frozen=True)
class LaboratoryExport:
    """One export and what is true about it.

    Attributes:
        raw: the export, every column text, rows in the order of the file.
        truth: one row per row of `raw`, same index. `analysis_id`, `subject_id`,
            `clinic_name`, `result`, `payor_group` and `patient_class` (NaN when absent),
            `age` (years), `ct_result` (cycles), `received_at`; for each delay
            `col_rec_minutes` and `rec_ver_minutes` (what the text says, NaN when it is absent
            or has no unit), `…_status` (`ok`, `negative`, `absurd`, `missing`,
            `unreadable`) and `…_true_minutes` (the source's delay, before any defect);
            `is_duplicate` (exact copy of an earlier row), `is_conflict` (two versions of
            one analysis); `defects`, text such as `"age:decimal_comma;col_rec_tat:minutes"`.
    """

    raw: pd.DataFrame
    truth: pd.DataFrame

    def write(self, path: str | Path) -> Path:
        """Write `raw` as French hospital software does: CSV, `;`, cp1252, CRLF.

        Returns:
            The path written.
        """
        self.raw.to_csv(path, sep=";", index=False, encoding="cp1252", lineterminator="\r\n")
        return Path(path)

    def plain(self) -> pd.DataFrame:
        """Return the same rows as a careful laboratory would write them, every column text.

        Dates are ISO, numbers have a point, readable delays are in minutes (`"150 min"`).
        What is wrong with a row stays: absent values, delays without unit, stray spaces
        around words, negative and absurd delays, duplicates, conflicts.
        """
        table, truth = self.raw.copy(), self.truth
        table["received_at"] = truth["received_at"].dt.strftime("%Y-%m-%d %H:%M").astype("str")
        for column in ("age", "ct_result"):
            known = truth[column].notna()
            table.loc[known, column] = [f"{value:g}" for value in truth.loc[known, column]]
        for column, name in DELAYS.items():
            known = truth[f"{name}_minutes"].notna()
            minutes = truth.loc[known, f"{name}_minutes"]
            table.loc[known, column] = [f"{value:.0f} min" for value in minutes]
        return table


class _Writer:
    """Turns true values into a hospital's text, noting every oddity."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.notes: list[str] = []
        self.absences: Counter[str] = Counter()

    def pick(self, *choices: str) -> str:
        return choices[int(self.rng.integers(len(choices)))]

    def note(self, column: str, defect: str) -> None:
        self.notes.append(f"{column}:{defect}")

    def number(self, column: str, text: str) -> str:
        """Write a decimal number with a comma, four times out of five."""
        if "." in text and self.rng.random() < 0.8:
            self.note(column, "decimal_comma")
            return text.replace(".", ",")
        return text

    def stray(self, column: str, text: str) -> str:
        """Add spaces around the text, now and then."""
        if not text or self.rng.random() >= STRAY_SHARE:
            return text
        self.note(column, "stray_spaces")
        return self.pick(f" {text}", f"{text} ", f"  {text}", f"{text}{NBSP}")

    def absent(self, column: str) -> str:
        """Write an absence; the markers take turns, so that none is rare by chance."""
        self.note(column, "missing")
        self.absences[column] += 1
        return MISSING_MARKERS[self.absences[column] % len(MISSING_MARKERS)]

    def word(self, column: str, value: object) -> str:
        return self.stray(column, value if isinstance(value, str) else self.absent(column))

    def timestamp(self, moment: datetime) -> str:
        form = self.pick("iso", "slash", "month_name")
        self.note("received_at", form)
        if form == "iso":
            return f"{moment:%Y-%m-%d %H:%M}"
        if form == "slash":
            return f"{moment:%d/%m/%Y %H:%M}"
        return f"{moment:%d}-{FRENCH_MONTHS[moment.month - 1]}-{moment:%Y %Hh%M}"

    def thousands(self, column: str, whole: int) -> str:
        if whole < 1000 or self.rng.random() < 0.3:
            return str(whole)
        self.note(column, "thousands")
        return f"{whole:,}".replace(",", self.pick(" ", NBSP))

    def delay(self, column: str, minutes: int) -> str:
        """Write a delay that is a whole number of tenths of an hour, with its unit."""
        sign, size = "-" if minutes < 0 else "", abs(minutes)
        forms = ("hours", "hours", "minutes", "hours_minutes")
        form = self.pick(*(forms if size < 100 * 60 else forms[:3]))
        self.note(column, form)
        if form == "minutes":
            unit = self.pick(" min", " mn", "min")
            text = f"{self.thousands(column, size)}{unit}"
        elif form == "hours":
            whole, tenths = divmod(size // 6, 10)
            fraction = self.number(column, f".{tenths}")
            text = f"{self.thousands(column, whole)}{fraction}{self.pick(' h', 'h')}"
        else:
            text = f"{size // 60}{self.pick(' h ', 'h')}{size % 60:02d}{self.pick('', ' min')}"
        return self.stray(column, sign + text)


def _plan(rng: np.random.Generator, source: pd.DataFrame) -> list[dict[str, str]]:
    """Choose, for each row, the delay defect of each column; no row gets two."""
    plan: list[dict[str, str]] = [{} for _ in range(len(source))]
    possible = ~_impossible(source).to_numpy()
    free = list(rng.permutation(np.flatnonzero(possible)))
    for defect, share in DELAY_DEFECTS.items():
        for column in DELAYS:
            for _ in range(max(2, round(len(source) * share / 2))):
                plan[free.pop()][column] = defect
    for _ in range(max(2, round(len(source) * CONFLICT_SHARE))):
        plan[free.pop()]["row"] = "conflict"
    for _ in range(max(2, round(len(source) * DUPLICATE_SHARE))):
        plan[free.pop()]["row"] = "duplicate"
    return plan


def _impossible(source: pd.DataFrame) -> pd.Series:
    """Tell which real rows have a negative or absurd delay."""
    delays = source[list(DELAYS)]
    return ((delays < 0) | (delays * 60 > ABSURD_MINUTES)).any(axis=1)


def _sample(rng: np.random.Generator, rows: int | None) -> pd.DataFrame:
    """Draw analyses, the really impossible ones always among them; the index is the source's."""
    source = covid_testing()
    if rows is None:
        return source
    if not SMALLEST_EXPORT <= rows <= len(source):
        raise ValueError(f"rows must lie between {SMALLEST_EXPORT} and {len(source)}, not {rows}")
    kept = np.flatnonzero(_impossible(source).to_numpy())
    others = np.setdiff1d(np.arange(len(source)), kept)
    drawn = rng.choice(others, size=rows - len(kept), replace=False)
    return source.iloc[np.sort(np.concatenate([kept, drawn]))]


def _status(minutes: float) -> str:
    if minutes < 0:
        return "negative"
    return "absurd" if minutes > ABSURD_MINUTES else "ok"


def _write_delay(writer: _Writer, column: str, true: int, defect: str) -> tuple[str, float, str]:
    """Return the text of a delay, the minutes that it says and their status."""
    if defect == "missing":
        return writer.absent(column), float("nan"), "missing"
    if defect == "no_unit":
        writer.note(column, "no_unit")
        tenths = true // 6
        return writer.number(column, f"{tenths // 10}.{tenths % 10}"), float("nan"), "unreadable"
    said = true
    if defect == "negative":
        said = -6 * int(writer.rng.integers(1, 100))
    elif defect == "absurd":
        said = ABSURD_MINUTES + 6 * int(writer.rng.integers(1, 50_000))
    status = _status(said)
    if status != "ok":
        writer.note(column, f"planted_{status}" if defect else f"real_{status}")
    return writer.delay(column, said), float(said), status


def _write_row(
    writer: _Writer, position: int, row: dict[str, Any], plan: dict[str, str]
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the text of one analysis and the truth about it.

    `position` is the analysis's row in the source.
    """
    writer.notes = []
    minute_of_day = int(writer.rng.integers(24 * 60))
    received_at = DAY_ZERO + timedelta(days=row["pan_day"], minutes=minute_of_day)
    age, cycles = float(row["age"]), float(row["ct_result"])
    raw = {
        "analysis_id": f"{position + 1:08d}",
        "subject_id": f"{row['subject_id']:06d}",
        "clinic_name": writer.word("clinic_name", row["clinic_name"]),
        "result": str(row["result"]),
        "age": writer.stray("age", writer.number("age", f"{age:g}")),
        "ct_result": writer.absent("ct_result")
        if np.isnan(cycles)
        else writer.stray("ct_result", writer.number("ct_result", f"{cycles:.2f}")),
        "payor_group": writer.word("payor_group", row["payor_group"]),
        "patient_class": writer.word("patient_class", row["patient_class"]),
        "received_at": writer.timestamp(received_at),
    }
    words = ("clinic_name", "result", "payor_group", "patient_class")
    truth: dict[str, Any] = {name: raw[name] for name in ("analysis_id", "subject_id")}
    truth |= {name: row[name] for name in words}
    truth |= {"age": age, "ct_result": cycles, "received_at": received_at}
    for column, name in DELAYS.items():
        true = round(row[column] * 10) * 6
        text, said, status = _write_delay(writer, column, true, plan.get(column, ""))
        raw[column] = text
        truth |= {f"{name}_minutes": said, f"{name}_status": status}
        truth[f"{name}_true_minutes"] = float(true)
    conflict = plan.get("row") == "conflict"
    if conflict:
        writer.note("row", "conflict")
    truth |= {"is_duplicate": False, "is_conflict": conflict, "defects": ";".join(writer.notes)}
    return raw, truth


def _second(
    writer: _Writer, kind: str, raw: dict[str, str], truth: dict[str, Any]
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the row that the software wrote a second time: the same, or with another result."""
    if kind == "duplicate":
        note = f"{truth['defects']};row:duplicate"
        return dict(raw), truth | {"is_duplicate": True, "defects": note}
    others = [word for word in ("invalid", "negative", "positive") if word != raw["result"]]
    result = writer.pick(*others)
    return raw | {"result": result}, truth | {"result": result}


def laboratory_export(seed: int, rows: int | None = None) -> LaboratoryExport:
    """Return a laboratory export: real analyses, written with planted defects.

    Args:
        seed: the same seed gives the same export, another seed another one.
        rows: how many distinct analyses to draw, at least 100; all 15,524 by default. The
            eight whose real delay is impossible are always drawn. `raw` is longer: re-exported
            and corrected analyses stand in it twice.

    Returns:
        The export in the order of reception, second versions further down. Its 11 columns:
        `analysis_id`, `subject_id` (pseudonyms, leading zeros), `clinic_name`, `result`,
        `age` (years), `ct_result` (cycles), `payor_group`, `patient_class`, `received_at`
        (derived: see the data card), `col_rec_tat`, `rec_ver_tat` (delays with their unit).
        No name of a patient, not even an invented one, is exported.

    Raises:
        ValueError: `rows` is out of range.
        ContentError: the installed data is not the expected one.
    """
    rng = np.random.default_rng(seed)
    source = _sample(rng, rows)
    writer = _Writer(rng)
    written: list[tuple[float, dict[str, str], dict[str, Any]]] = []
    records = source.to_dict("records")
    for index, row, plan in zip(source.index, records, _plan(rng, source), strict=True):
        raw, truth = _write_row(writer, int(index), row, plan)
        moment = pd.Timestamp(truth["received_at"]).timestamp()
        written.append((moment, raw, truth))
        if "row" in plan:
            later = moment + float(rng.integers(1, 30)) * 86_400
            written.append((later, *_second(writer, plan["row"], raw, truth)))
    written.sort(key=lambda item: item[0])
    return LaboratoryExport(
        raw=pd.DataFrame([raw for _, raw, _ in written], dtype="str"),
        truth=pd.DataFrame([truth for _, _, truth in written]),
    )
