"""How ill a patient is at each minute of a stay: what the clinical tables have in common.

Times are minutes since `Facts.start`, a midnight. Two numbers describe a minute `t`:

- `acute`: what is left of the severity at entry,
  `severity * (LASTING + (1 - LASTING) * exp(-days since entry / RECOVERY_DAYS))`;
- `worse`, 0 to 1: the deterioration. It rises in a line during the `LEAD_HOURS` before
  `deteriorates_at` (a share `SUDDEN` comes without warning), stays at 1 for `PLATEAU_HOURS`, then
  fades with the constant `FADING_HOURS`; for whoever dies it does not fade. A death without
  deterioration is preceded by a rise during `DYING_HOURS`.

What the case itself does to a value fades too: `fading` gives the share that is left.
Every number here is an assumption. Which deteriorations are sudden is drawn from the stream
`course`, so that vitals and laboratory agree whichever is made first.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.cases import CASE_OF, COMORBIDITIES, UNITS
from health_datasets.virtual_hospital.equations import Array
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.streams import stream

DAY: Final = 24 * 60
RECOVERY_DAYS, LASTING = 3.0, 0.35
LEAD_HOURS, PLATEAU_HOURS, FADING_HOURS, DYING_HOURS = 24.0, 12.0, 48.0, 36.0
SUDDEN: Final = 0.25
# share of the effect of the case that a stay does not mend
CASE_LASTING: Final = 0.3
NEVER: Final = -(10**9)
CRITICAL_UNITS: Final = ("REA", "USIC", "USINV")
_WIDE: Final = np.int64(2**32)


@dataclass(frozen=True)
class Course:
    """The stays as arrays, one value a stay, and how ill the patient is.

    Attributes:
        begin: arrival at the emergency department, or entry without it.
        entry, leave: entry into the first unit, exit from the last.
        deteriorates: minute, `NEVER` without.
        lead: minutes of warning, at least 1.
        dies, severity: as in `Facts.stays`.
    """

    begin: Array
    entry: Array
    leave: Array
    deteriorates: Array
    lead: Array
    dies: Array
    severity: Array

    def fading(self, stay: Array, minute: Array) -> Array:
        """Return the share of the acute state that is left, 1 at entry."""
        days = (minute - self.entry[stay]).clip(0) / DAY
        return np.exp(-days / RECOVERY_DAYS)

    def acute(self, stay: Array, minute: Array) -> Array:
        """Return the severity that is left."""
        return self.severity[stay] * (LASTING + (1 - LASTING) * self.fading(stay, minute))

    def worse(self, stay: Array, minute: Array) -> Array:
        """Return the state of deterioration, 0 to 1."""
        value = np.zeros(len(stay))
        row = np.flatnonzero(self.dies[stay] | (self.deteriorates[stay] != NEVER))
        stay, minute = stay[row], minute[row]
        since = (minute - self.deteriorates[stay]).astype(float)
        dies, known = self.dies[stay], self.deteriorates[stay] != NEVER
        fade = np.exp(-(since - PLATEAU_HOURS * 60).clip(0) / (FADING_HOURS * 60))
        after = np.where(dies, 1.0, fade)
        before = (1 + since / self.lead[stay]).clip(0, 1)
        state = np.where(known, np.where(since >= 0, after, before), 0.0)
        left = (self.leave[stay] - minute) / (DYING_HOURS * 60)
        value[row] = np.where(dies & ~known, np.maximum(state, (1 - left).clip(0, 1)), state)
        return value


def course(facts: Facts) -> Course:
    """Return the course of every stay of these facts."""
    stays = facts.stays
    entry = minutes(facts, stays["entry_at"])
    arrival = minutes(facts, stays["arrival_at"])
    sudden = stream(facts.seed, "course").random(len(stays)) < SUDDEN
    return Course(
        begin=np.where(arrival == NEVER, entry, arrival),
        entry=entry,
        leave=minutes(facts, stays["exit_at"]),
        deteriorates=minutes(facts, stays["deteriorates_at"]),
        lead=np.where(sudden, 1.0, LEAD_HOURS * 60),
        dies=stays["dies"].to_numpy(),
        severity=stays["severity"].to_numpy(),
    )


def minutes(facts: Facts, times: pd.Series) -> Array:
    """Return times as minutes since the start, `NEVER` where there is none."""
    start = np.datetime64(facts.start.to_pydatetime(), "s")
    value = times.to_numpy(dtype="datetime64[s]")
    since = (value - start).astype("int64") // 60
    return np.where(np.isnat(value), NEVER, since)


def moments(facts: Facts, minute: Array) -> Array:
    """Return minutes since the start as datetime64[s], NaT for `NEVER`."""
    start = np.datetime64(facts.start.to_pydatetime(), "s")
    value = start + minute.astype("int64") * np.timedelta64(60, "s")
    return np.where(minute == NEVER, np.datetime64("NaT", "s"), value).astype("datetime64[s]")


def segment_at(facts: Facts, stay: Array, minute: Array) -> Array:
    """Return the position in `Facts.segments` of the unit at a minute.

    Before entry it is -1 (the emergency department).
    """
    segments = facts.segments
    owner = segments["stay"].to_numpy().astype("int64")
    # a minute before the start of the period must not fall into the stay before
    key = owner * _WIDE + minutes(facts, segments["entry_at"]) + DAY
    found = np.searchsorted(key, stay * _WIDE + minute + DAY, side="right") - 1
    if not len(key):
        return np.full(len(stay), -1)
    return np.where((found >= 0) & (owner[found] == stay), found, -1)


def unit_codes(facts: Facts, segment: Array) -> Array:
    """Return the position of each segment's unit in `cases.UNITS`, -1 for segment -1."""
    codes = facts.segments["unit"].cat.codes.to_numpy().astype("int8")
    return np.where(segment >= 0, codes[segment] if len(codes) else -1, -1)


def in_critical_unit(unit: Array) -> Array:
    """Tell which unit codes are intensive care."""
    return np.isin(unit, [list(UNITS).index(one) for one in CRITICAL_UNITS])


def case_codes(facts: Facts) -> Array:
    """Return the position in `cases.CASES` of each stay's case."""
    return facts.stays["case"].cat.codes.to_numpy().astype("int64")


def by_case(effects: dict[str, float], default: float = 0.0) -> Array:
    """Return one number a case, in the order of `cases.CASES`."""
    value = np.full(len(CASE_OF), default)
    for key, effect in effects.items():
        value[CASE_OF[key]] = effect
    return value


def by_comorbidity(facts: Facts, effects: dict[str, float]) -> Array:
    """Return one number a patient: the sum of the effects of their comorbidities."""
    weight = np.array([effects.get(name, 0.0) for name in COMORBIDITIES])
    return facts.patients[list(COMORBIDITIES)].to_numpy(dtype=float) @ weight


def by_site(facts: Facts, values: dict[str, float], default: float) -> Array:
    """Return one number a site in use."""
    return np.array([values.get(site.site_id, default) for site in facts.parameters])


def decades(age: Array) -> Array:
    """Return the decades from 60 years of an adult, 0 under 15 years."""
    return np.where(age >= 15, (age - 60) / 10, 0.0)


def keys(facts: Facts, stay: Array) -> dict[str, pd.Series]:
    """Return the foreign keys of rows that belong to these stays."""
    patient = facts.stays["patient"].to_numpy()[stay]
    return {
        "stay_id": pd.Series(facts.stays["stay_id"].array.take(stay)),
        "patient_id": pd.Series(facts.patients["patient_id"].array.take(patient)),
    }


def category(codes: Array, names: list[str]) -> pd.Series:
    """Return a categorical column from codes, -1 where missing."""
    whole = np.asarray(codes, dtype=np.int64)
    return pd.Series(pd.Categorical.from_codes(whole, dtype=pd.CategoricalDtype(names)))
