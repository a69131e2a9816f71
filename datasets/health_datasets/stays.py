"""An extract of stays as a warehouse receives it: instants in UTC, one table a grain.

The stays are those of the virtual hospital, synthetic from end to end. What makes their
aggregation hard (clock changes, midnights, returns to a unit, ties, absences) is planted with
a seed, and what is right is in `StaysExport.truth`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from health_datasets.seeding import stream, whole_number
from health_datasets.virtual_hospital import Hospital, hospital

PARIS: Final = ZoneInfo("Europe/Paris")
UTC: Final = ZoneInfo("UTC")
# the extraction: half past midnight in Paris, and still the day before in UTC
UNTIL: Final = datetime(2023, 12, 31, 23, 30)
ANALYTES: Final = ("Créatinine", "Hémoglobine", "Potassium", "Sodium")
# creatinine: 1 mg/L is 8.84 µmol/L
MICROMOL_PER_MG: Final = 8.84
FEWEST_PATIENTS, MOST_PATIENTS = 400, 5_000
PLANTED: Final = 4
CONSULTATIONS: Final = 15


@dataclass(frozen=True)
class StaysTruth:
    """What is right about an extract.

    Attributes:
        stays: one row a stay, in the order of `StaysExport.stays`: `stay_id`, `entry_local`,
            `exit_local` (the extraction for who is still there), `nights` (midnights in Paris),
            `hours` (elapsed), `n_rum`, `n_units`, `n_diagnoses`, `n_results` (rows), `dp` (of the
            RUM with most nights among those that have one, the last of them), `n_das`
            (distinct codes).
        rum: one row a RUM, in the order of `StaysExport.rum`: `rum_id`, `entry_local`,
            `exit_local`, `nights`, `hours`.
        nights: `unit`, `month` (`"2023-01"`, that of the evening), `nights` (above 0).
        firsts: `stay_id`, `label`, `value`, `unit`, `sampled_utc`: the first result with a value
            sampled at the entry or after; the lowest `result_id` of those sampled together.
        planted: `stay_id` and `what` was planted there.
    """

    stays: pd.DataFrame
    rum: pd.DataFrame
    nights: pd.DataFrame
    firsts: pd.DataFrame
    planted: pd.DataFrame


@dataclass(frozen=True)
class StaysExport:
    """One extract and what is true about it. Instants are in UTC, without a zone.

    Attributes:
        stays: `stay_id`, `patient_id`, `entry_utc`, `exit_utc` and `exit_mode` (missing while
            the patient is there), `provenance` (missing from home).
        rum: `rum_id`, `stay_id`, `rank` (from 1), `unit`, `entry_utc`, `exit_utc`.
        diagnoses: `rum_id`, `stay_id`, `role` (DP, DR, DAS), `code` (CIM-10, sometimes missing).
        laboratory: `result_id`, `stay_id` (missing for a consultation), `label`, `value`
            (sometimes missing), `unit`, `sampled_utc`; rows in no order.
        until: the instant of the extraction.
        truth: what is right.
    """

    stays: pd.DataFrame
    rum: pd.DataFrame
    diagnoses: pd.DataFrame
    laboratory: pd.DataFrame
    until: pd.Timestamp
    truth: StaysTruth

    def local(self, name: str) -> pd.DataFrame:
        """Return `stays` or `rum` with its true `entry_local`, `exit_local`, `nights`, `hours`."""
        table, truth = (
            (self.stays, self.truth.stays) if name == "stays" else (self.rum, self.truth.rum)
        )
        names = ["entry_local", "exit_local", "nights", "hours"]
        return pd.concat([table, truth[names]], axis=1)


@dataclass
class _Stay:
    """A stay while it is made: plain values, instants in UTC."""

    row: dict[str, Any]
    rums: list[dict[str, Any]]
    codes: dict[str, list[tuple[str, str | None]]]
    results: list[dict[str, Any]]
    planted: list[str] = field(default_factory=list)

    def shift(self, delta: timedelta) -> None:
        for one in (self.row, *self.rums):
            one["entry_utc"] += delta
            one["exit_utc"] += delta
        for result in self.results:
            result["sampled_utc"] += delta

    def enter(self, moment: datetime) -> None:
        """Move the whole stay so that it begins at this time of Paris."""
        self.shift(to_utc(moment) - self.row["entry_utc"])

    @property
    def length(self) -> timedelta:
        return self.row["exit_utc"] - self.row["entry_utc"]


def to_local(moment: datetime) -> datetime:
    """Return what the clocks of Paris show at this instant (UTC); neither has a zone."""
    return moment.replace(tzinfo=UTC).astimezone(PARIS).replace(tzinfo=None)


def to_utc(moment: datetime) -> datetime:
    """Return the instant (UTC) at which the clocks of Paris show this time, the first of two."""
    return moment.replace(tzinfo=PARIS).astimezone(UTC).replace(tzinfo=None)


# ---------------------------------------------------------------- the stays of the hospital


def _plain(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows as plain Python values, None where one is missing."""
    names = [str(name) for name in table.columns]
    columns = []
    for name in names:
        values = table[name].to_numpy()
        known = table[name].notna()
        if values.dtype.kind == "M":  # pandas wraps each one otherwise, which is slow
            values = values.astype("datetime64[us]").astype(object)
        columns.append(
            [value if there else None for value, there in zip(values.tolist(), known, strict=True)]
        )
    for row in zip(*columns, strict=True):
        yield dict(zip(names, row, strict=True))


def _grouped(table: pd.DataFrame, key: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in _plain(table):
        groups.setdefault(row[key], []).append(row)
    return groups


def _stays_of(group: Hospital) -> list[_Stay]:
    """Return the hospital's stays; its times, without zone, are read as those of winter."""
    times = {"entry_at": "entry_utc", "exit_at": "exit_utc", "sampled_at": "sampled_utc"}
    winter = timedelta(hours=1)

    def instants(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
        table = table[names].rename(columns=times)
        for name in set(times.values()) & set(table.columns):
            table[name] = table[name] - winter
        return table

    names = ["stay_id", "patient_id", "entry_at", "exit_at", "provenance", "exit_mode"]
    rum_names = ["rum_id", "stay_id", "rank", "unit", "entry_at", "exit_at"]
    result_names = ["stay_id", "label", "value", "unit", "sampled_at"]
    results = group.laboratory[group.laboratory["label"].isin(ANALYTES)]
    rums = _grouped(instants(group.rum, rum_names), "stay_id")
    samples = _grouped(instants(results, result_names), "stay_id")
    codes = _grouped(group.diagnoses, "rum_id")
    return [
        _Stay(
            row=row,
            rums=rums[row["stay_id"]],
            codes={
                rum["rum_id"]: [(one["role"], one["code"]) for one in codes.get(rum["rum_id"], [])]
                for rum in rums[row["stay_id"]]
            },
            results=samples.get(row["stay_id"], []),
        )
        for row in _plain(instants(group.stays, names))
    ]


# ---------------------------------------------------------------- what is planted


def _at(rng: np.random.Generator, month: int, day: int, first: int, last: int) -> datetime:
    """Draw a minute of a day of 2023 between two hours, the last excluded."""
    minutes = int(rng.integers(first * 60, last * 60))
    return datetime(2023, month, day) + timedelta(minutes=minutes)


def _after_midnight(stay: _Stay, rng: np.random.Generator) -> None:
    """An entry in the first hour of a day: in UTC, it is the day before."""
    stay.enter(_at(rng, int(rng.integers(2, 11)), int(rng.integers(1, 25)), 0, 1))


def _transfer_after_midnight(stay: _Stay, rng: np.random.Generator) -> None:
    """A change of unit in the first hour of a summer's day."""
    moment = _at(rng, int(rng.integers(5, 9)), int(rng.integers(1, 25)), 0, 1)
    stay.shift(to_utc(moment) - stay.rums[0]["exit_utc"])


def _spring(stay: _Stay, rng: np.random.Generator) -> None:
    """A stay over the night when clocks go forward: its day has 23 hours."""
    stay.enter(_at(rng, 3, 25, 12, 20))


def _autumn(stay: _Stay, rng: np.random.Generator) -> None:
    """A stay over the night when clocks go back: its day has 25 hours."""
    stay.enter(_at(rng, 10, 28, 12, 20))


def _month_end(stay: _Stay, rng: np.random.Generator) -> None:
    """A stay that begins on the last day of a month."""
    month = int(rng.integers(1, 10))
    last = datetime(2023, month + 1, 1) - timedelta(days=1)
    stay.enter(_at(rng, month, last.day, 10, 22))


def _leaves_at_midnight(stay: _Stay, rng: np.random.Generator) -> None:
    """An exit at midnight sharp, in Paris."""
    stay.enter(_at(rng, int(rng.integers(1, 10)), int(rng.integers(1, 20)), 8, 20))
    end = to_local(stay.row["exit_utc"])
    _end(stay, to_utc(datetime(end.year, end.month, end.day)))


def _end(stay: _Stay, moment: datetime) -> None:
    """End a stay at this instant, which lies in its last unit, and its results with it."""
    stay.row["exit_utc"] = stay.rums[-1]["exit_utc"] = moment
    stay.results = [one for one in stay.results if one["sampled_utc"] < moment]


def _comes_back(stay: _Stay, rng: np.random.Generator) -> None:
    """From a unit to another and back, for as many nights: two rows alike, and both count."""
    stay.enter(_at(rng, int(rng.integers(1, 11)), int(rng.integers(1, 4)), 8, 11))
    start, end = to_local(stay.row["entry_utc"]), to_local(stay.row["exit_utc"])
    nights = (end.date() - start.date()).days
    alike = (nights - 1) // 2
    noon = datetime(start.year, start.month, start.day, 12)
    leaves = to_utc(noon + timedelta(days=alike))
    returns = to_utc(noon + timedelta(days=nights - alike))
    unit = str(stay.rums[0]["unit"])
    other = "REA" if unit != "REA" else "MED"
    steps = [stay.row["entry_utc"], leaves, returns, stay.row["exit_utc"]]
    stay_id = stay.row["stay_id"]
    stay.rums = [
        {
            "rum_id": f"{stay_id}-{rank}",
            "stay_id": stay_id,
            "rank": rank,
            "unit": other if rank == 2 else unit,
            "entry_utc": steps[rank - 1],
            "exit_utc": steps[rank],
        }
        for rank in (1, 2, 3)
    ]
    dp = next(code for role, code in stay.codes[f"{stay_id}-1"] if role == "DP")
    das: list[tuple[str, str | None]] = [("DAS", "I10"), ("DAS", "N17.9")]
    stay.codes = {
        f"{stay_id}-1": [("DP", dp), *das],
        f"{stay_id}-2": [("DP", "R57.2"), das[1]],
        f"{stay_id}-3": [("DP", "Z51.88"), *das],
    }


def _still_there(stay: _Stay, rng: np.random.Generator) -> None:
    """A stay that the extraction finds unfinished."""
    left = int(rng.uniform(0.2, 0.7) * (stay.length / _MINUTE))
    stay.shift(UNTIL - stay.row["exit_utc"] + left * _MINUTE)


def _no_principal_diagnosis(stay: _Stay, rng: np.random.Generator) -> None:
    """The longest unit has not coded its principal diagnosis: no row, or no code."""
    longest = max(stay.rums, key=lambda rum: (rum["exit_utc"] - rum["entry_utc"], -rum["rank"]))
    others = [one for one in stay.codes[longest["rum_id"]] if one[0] != "DP"]
    if rng.random() < 0.5:
        others.insert(0, ("DP", None))
    stay.codes[longest["rum_id"]] = others


def _code_absent(stay: _Stay, rng: np.random.Generator) -> None:
    """Two associated diagnoses are announced and not coded yet: two rows alike."""
    stay.codes[stay.rums[0]["rum_id"]] += [("DAS", None)] * 2


def _same_code_twice(stay: _Stay, rng: np.random.Generator) -> None:
    """Both units code the same associated diagnosis."""
    for rum in stay.rums[:2]:
        stay.codes[rum["rum_id"]].append(("DAS", "B96.2"))


def _not_coded(stay: _Stay, rng: np.random.Generator) -> None:
    """Nothing is coded yet."""
    stay.codes = {}


def _no_laboratory(stay: _Stay, rng: np.random.Generator) -> None:
    stay.results = []


def _creatinine(stay: _Stay) -> list[dict[str, Any]]:
    """Return the results of creatinine sampled at the entry or after, in their order."""
    entry = stay.row["entry_utc"]
    found = [
        one for one in stay.results if one["label"] == "Créatinine" and one["sampled_utc"] >= entry
    ]
    return sorted(found, key=lambda one: one["sampled_utc"])


def _tie(stay: _Stay, rng: np.random.Generator) -> None:
    """The first creatinine was measured twice on the tube: another value, or the same one."""
    first = _creatinine(stay)[0]
    change = float(rng.choice([0.0, 4.0, 9.0]))
    stay.results.append(first | {"value": first["value"] + change})


def _no_value(stay: _Stay, rng: np.random.Generator) -> None:
    """The first creatinine could not be measured."""
    _creatinine(stay)[0]["value"] = None


def _other_unit(stay: _Stay, rng: np.random.Generator) -> None:
    """Creatinine was measured by an analyser that says it in mg/L."""
    for one in stay.results:
        if one["label"] == "Créatinine" and one["value"] is not None:
            one |= {"value": round(one["value"] / MICROMOL_PER_MG, 1), "unit": "mg/L"}


def _at_the_entry(stay: _Stay, rng: np.random.Generator) -> None:
    """The first creatinine was sampled at the very minute of the entry."""
    _creatinine(stay)[0]["sampled_utc"] = stay.row["entry_utc"]


_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_Defect = Callable[[_Stay, np.random.Generator], None]


def _nights(stay: _Stay) -> int:
    return (to_local(stay.row["exit_utc"]).date() - to_local(stay.row["entry_utc"]).date()).days


# what is planted → the stays that it may befall; those that many may suffer come last
PLANTS: Final[dict[_Defect, Callable[[_Stay], bool]]] = {
    _comes_back: lambda stay: 4 <= _nights(stay) <= 20,
    _transfer_after_midnight: lambda stay: len(stay.rums) > 1,
    _no_principal_diagnosis: lambda stay: len(stay.rums) > 1,
    _same_code_twice: lambda stay: len(stay.rums) > 1,
    _still_there: lambda stay: timedelta(days=2) < stay.length < timedelta(days=20),
    _spring: lambda stay: timedelta(hours=22) < stay.length < timedelta(days=40),
    _autumn: lambda stay: timedelta(hours=22) < stay.length < timedelta(days=40),
    _month_end: lambda stay: timedelta(hours=22) < stay.length < timedelta(days=40),
    _leaves_at_midnight: lambda stay: timedelta(days=2) < stay.length and len(stay.rums) == 1,
    _no_value: lambda stay: len(_creatinine(stay)) > 1,
    _tie: lambda stay: bool(_creatinine(stay)),
    _other_unit: lambda stay: bool(_creatinine(stay)),
    _at_the_entry: lambda stay: bool(_creatinine(stay)),
    _after_midnight: lambda stay: stay.length < timedelta(days=40),
    _code_absent: lambda stay: bool(stay.results),
    _not_coded: lambda stay: True,
    _no_laboratory: lambda stay: True,
}


def _plant(stays: list[_Stay], seed: int) -> None:
    """Plant every thing in stays of its own, of patients who have no other."""
    counts: dict[str, int] = {}
    for stay in stays:
        counts[stay.row["patient_id"]] = counts.get(stay.row["patient_id"], 0) + 1
    free = [stay for stay in stays if counts[stay.row["patient_id"]] == 1]
    free = [stay for stay in free if stay.row["exit_utc"] < UNTIL - _DAY]
    for number, (defect, possible) in enumerate(PLANTS.items()):
        rng = stream(seed, "stays_export", number)
        candidates = [stay for stay in free if not stay.planted and possible(stay)]
        for place in rng.permutation(len(candidates))[:PLANTED]:
            stay = candidates[int(place)]
            defect(stay, rng)
            stay.planted.append(defect.__name__.strip("_"))


def _extract(stays: list[_Stay]) -> list[_Stay]:
    """Return what is known at the extraction: later events have not happened."""
    kept = [stay for stay in stays if stay.row["entry_utc"] < UNTIL]
    for stay in kept:
        stay.results = [one for one in stay.results if one["sampled_utc"] < UNTIL]
        if stay.row["exit_utc"] <= UNTIL:
            continue
        stay.row |= {"exit_utc": None, "exit_mode": None}
        stay.rums = [rum for rum in stay.rums if rum["entry_utc"] < UNTIL]
        stay.codes = {
            rum["rum_id"]: stay.codes.get(rum["rum_id"], [])
            for rum in stay.rums
            if rum["exit_utc"] <= UNTIL
        }
        if stay.rums[-1]["exit_utc"] > UNTIL:
            stay.rums[-1]["exit_utc"] = None
    return sorted(kept, key=lambda stay: (stay.row["entry_utc"], stay.row["stay_id"]))


# ---------------------------------------------------------------- tables


def _times(one: dict[str, Any]) -> dict[str, Any]:
    """Return the true times of a stay or of a RUM."""
    entry, leave = one["entry_utc"], one["exit_utc"] or UNTIL
    first, last = to_local(entry), to_local(leave)
    return {
        "entry_local": first,
        "exit_local": last,
        "nights": (last.date() - first.date()).days,
        "hours": (leave - entry) / timedelta(hours=1),
    }


def _diagnoses_of(stay: _Stay) -> dict[str, Any]:
    """Return the true `dp` and `n_das` of a stay."""
    candidates = []
    for rum in stay.rums:
        for role, code in stay.codes.get(rum["rum_id"], []):
            if role == "DP" and code is not None:
                candidates.append((_times(rum)["nights"], rum["rank"], code))
    das = {
        code
        for codes in stay.codes.values()
        for role, code in codes
        if role == "DAS" and code is not None
    }
    return {"dp": max(candidates)[2] if candidates else None, "n_das": len(das)}


def _evenings(stays: list[_Stay]) -> pd.DataFrame:
    """Return the true nights by unit and month, counted one by one."""
    counts: dict[tuple[str, str], int] = {}
    for rum in (rum for stay in stays for rum in stay.rums):
        times = _times(rum)
        for number in range(times["nights"]):
            evening = times["entry_local"].date() + timedelta(days=number)
            key = (rum["unit"], f"{evening:%Y-%m}")
            counts[key] = counts.get(key, 0) + 1
    rows = [(unit, month, count) for (unit, month), count in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["unit", "month", "nights"])


def _laboratory(stays: list[_Stay], seed: int) -> pd.DataFrame:
    """Return the results of the stays and of consultations, numbered and put in no order."""
    rng = stream(seed, "stays_export", 100)
    rows = [one | {"stay_id": stay.row["stay_id"]} for stay in stays for one in stay.results]
    for place in rng.choice(len(rows), CONSULTATIONS, replace=False):
        rows.append(rows[int(place)] | {"stay_id": None})
    numbers = rng.permutation(len(rows))
    table = pd.DataFrame(rows)
    table.insert(0, "result_id", [100_001 + int(number) for number in numbers])
    names = ["result_id", "stay_id", "label", "value", "unit", "sampled_utc"]
    table["value"] = table["value"].astype(float)
    table["sampled_utc"] = table["sampled_utc"].astype("datetime64[s]")
    return table[names].iloc[rng.permutation(len(table))].reset_index(drop=True)


def _firsts(stays: list[_Stay], laboratory: pd.DataFrame) -> pd.DataFrame:
    """Return the true first results."""
    entries = {stay.row["stay_id"]: stay.row["entry_utc"] for stay in stays}
    best: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in _plain(laboratory):
        if row["value"] is None or row["stay_id"] is None:
            continue
        if row["sampled_utc"] < entries[row["stay_id"]]:
            continue
        key = (row["stay_id"], row["label"])
        found = (row["sampled_utc"], row["result_id"], row["value"], row["unit"])
        best[key] = min(best.get(key, found), found)
    rows = [(*key, value, unit, time) for key, (time, _, value, unit) in sorted(best.items())]
    return pd.DataFrame(rows, columns=["stay_id", "label", "value", "unit", "sampled_utc"])


def _table(rows: list[dict[str, Any]], names: list[str]) -> pd.DataFrame:
    """Return a table with the types of these names: instants, numbers, text."""
    table = pd.DataFrame(rows, columns=names)
    for name in names:
        if name.endswith(("_utc", "_local")):
            table[name] = pd.to_datetime(table[name]).astype("datetime64[s]")
        elif name in ("rank", "nights", "hours") or name.startswith("n_"):
            table[name] = pd.to_numeric(table[name])
        else:
            table[name] = table[name].astype("str")
    return table


def stays_export(seed: int, patients: int = 500) -> StaysExport:
    """Return an extract of one year of stays (2023), in UTC, with what is right about it.

    Args:
        seed: the same seed gives the same extract, another seed another one.
        patients: people of the virtual hospital, from 400 to 5,000; about 0.7 stays each.

    Returns:
        Four tables that know the stays at `until`, 31 December 2023 at 23:30 UTC: half past
        midnight on 1 January in Paris. Planted, in four stays each where as many can be found:
        entries, changes of unit and exits around midnight, nights of the clock changes, ends of
        months, returns to a unit for as many nights, stays that are not over, diagnoses absent
        or coded twice, results in double, without a value, in another unit or sampled at the
        entry. Many results were sampled before the entry, in the emergency department; fifteen
        belong to no stay.

    Raises:
        ValueError: `seed` or `patients` is out of range.
    """
    patients = whole_number("patients", patients, FEWEST_PATIENTS, MOST_PATIENTS)
    export = _made(whole_number("seed", seed, 0, 2**63), patients)
    return replace(export, **_copies(export), truth=replace(export.truth, **_copies(export.truth)))


def _copies(frames: StaysExport | StaysTruth) -> dict[str, pd.DataFrame]:
    """Return copies of the tables, the caller's to change: pandas copies on write."""
    tables = {one.name: getattr(frames, one.name) for one in fields(frames)}
    return {
        name: table.copy(deep=False)
        for name, table in tables.items()
        if isinstance(table, pd.DataFrame)
    }


@lru_cache(maxsize=2)
def _made(seed: int, patients: int) -> StaysExport:
    """Make an extract; the tests of one submission ask for the same one many times."""
    whole = _stays_of(hospital(patients, seed=seed, start="2023-01-01", days=365))
    _plant(whole, seed)
    stays = _extract(whole)
    rums = [rum for stay in stays for rum in stay.rums]
    codes = [
        {"rum_id": rum_id, "stay_id": stay.row["stay_id"], "role": role, "code": code}
        for stay in stays
        for rum_id, pairs in stay.codes.items()
        for role, code in pairs
    ]
    laboratory = _laboratory(stays, seed)
    names = ["stay_id", "patient_id", "entry_utc", "exit_utc", "provenance", "exit_mode"]
    return StaysExport(
        stays=_table([stay.row for stay in stays], names),
        rum=_table(rums, ["rum_id", "stay_id", "rank", "unit", "entry_utc", "exit_utc"]),
        diagnoses=_table(codes, ["rum_id", "stay_id", "role", "code"]),
        laboratory=laboratory,
        until=pd.Timestamp(UNTIL),
        truth=_truth(stays, laboratory),
    )


def _truth(stays: list[_Stay], laboratory: pd.DataFrame) -> StaysTruth:
    """Return what is right, each thing counted one by one."""
    counted = [
        {"stay_id": stay.row["stay_id"], **_times(stay.row), **_diagnoses_of(stay)}
        | {"n_rum": len(stay.rums), "n_units": len({str(rum["unit"]) for rum in stay.rums})}
        | {"n_diagnoses": sum(map(len, stay.codes.values())), "n_results": len(stay.results)}
        for stay in stays
    ]
    passages = [{"rum_id": rum["rum_id"], **_times(rum)} for stay in stays for rum in stay.rums]
    planted = [(stay.row["stay_id"], what) for stay in stays for what in stay.planted]
    times = ["entry_local", "exit_local", "nights", "hours"]
    counts = ["n_rum", "n_units", "n_diagnoses", "n_results"]
    return StaysTruth(
        stays=_table(counted, ["stay_id", *times, *counts, "dp", "n_das"]),
        rum=_table(passages, ["rum_id", *times]),
        nights=_evenings(stays),
        firsts=_firsts(stays, laboratory),
        planted=pd.DataFrame(planted, columns=["stay_id", "what"]),
    )
