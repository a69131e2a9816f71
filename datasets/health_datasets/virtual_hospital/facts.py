"""What is true in the virtual hospital, and what every table is made from.

Nobody in it is real. `make_facts` draws people, then their stays one after the other (each
exit decides whether the patient comes back, dies or neither), then the medical units of each
stay. Everything is vectorised over patients and drawn to the minute.

`Facts.patients`, one row a patient (its position is the foreign key `patient` elsewhere):

| column | type | meaning |
|---|---|---|
| `patient_id` | str | key, `P0000001` |
| `site` | int | position in `Facts.sites` |
| `sex` | str | `F` or `M` |
| `birth_date` | datetime64[s] | day of birth (midnight) |
| `hypertension` … `dementia` | bool | `cases.COMORBIDITIES`, for the whole period |
| `cancer_code` | str | CIM-10 code of the tumour, missing without cancer |
| `frailty` | float | latent, 0 (robust) to 1 |
| `mother` | int | position of the mother of a patient born in the hospital, else -1 |
| `death_at` | datetime64[s] | death, in or out of hospital, NaT if alive at the end |
| `dies_in_hospital` | bool | whether that death is during a stay |

`Facts.stays`, one row a stay, ordered by entry:

| column | type | meaning |
|---|---|---|
| `stay_id` | str | key, `ST0000001` |
| `patient`, `site` | int | positions |
| `arrival_at` | datetime64[s] | arrival at the emergency department, NaT without |
| `entry_at`, `exit_at` | datetime64[s] | entry into the first medical unit, exit from the last |
| `age` | int | completed years at entry |
| `case` | category | key of `cases.CASES` |
| `severity` | float | latent, about standard normal (0 usual, 2 severe); rounded to 4 decimals |
| `emergency` | bool | through the emergency department: `entry_at` is the exit from it |
| `elective` | bool | planned; births are neither |
| `night` | bool | a stay with nights by design; False for day surgery and sessions |
| `prior_stays` | int | stays with nights that ended before, since the start |
| `drifted` | bool | entry on the date of the drift or later |
| `deteriorates_at` | datetime64[s] | start of a deterioration, NaT without |
| `dies` | bool | death at `exit_at` |
| `readmission_of` | int | position of the stay that it readmits (see below), else -1 |
| `path` | str | units, in order: `UHCD>CARD` |

`Facts.segments`, one row a medical unit of a stay, consecutive: `stay` (position), `rank`
(from 1), `unit` (category, key of `cases.UNITS`), `entry_at`, `exit_at`.

`Facts.sites`, one row a site: the parameters of `sites.Site`, without the mappings.

Entries fall within the period; a stay that has begun is followed to its exit. Deaths out of
hospital are known until the end of the period. Within 30 days of the exit from a stay with
nights, the only other stay with nights is a readmission, so that the equation of readmission
is exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital import equations as eq
from health_datasets.virtual_hospital.cases import (
    AGE_BANDS,
    CANCER_CODES,
    CASE_KEYS,
    CASE_OF,
    CASES,
    COMORBIDITIES,
    UNITS,
)
from health_datasets.virtual_hospital.equations import Array
from health_datasets.virtual_hospital.sites import DRIFT, Site
from health_datasets.virtual_hospital.streams import stream

DAY: Final = 24 * 60
MONTH: Final = 30 * DAY
YEAR: Final = 365.25
# arrivals at an emergency department by hour, 0 h first, and by day, Monday first (assumption:
# low at night, a first peak before noon, a second one in the late afternoon; busy Mondays)
ARRIVAL_HOURS: Final = (
    *(20, 15, 12, 10, 9, 9, 12, 20, 38, 54, 63, 62),
    *(54, 55, 60, 60, 58, 58, 58, 56, 51, 45, 37, 28),
)
ARRIVAL_WEEKDAYS: Final = (1.09, 1.0, 0.98, 0.98, 1.0, 0.97, 0.98)
# amplitude of the yearly cosine and day of its peak, all cases together (assumption)
ARRIVAL_SEASON: Final = (0.06, 15)
# minutes in the emergency department of those who stay: median (5 h 20 for direct admissions,
# DREES, Études et résultats, March 2025: survey of 13 June 2023), spread of the log (assumption)
EMERGENCY_MINUTES: Final = (320.0, 0.55)
WAYS: Final = ("emergency", "elective", "day", "birth")


@dataclass(frozen=True, eq=False)
class Facts:
    """The truth about one virtual hospital; see the module for every column.

    Attributes:
        seed: the seed of every stream.
        start, end: the period, midnights, the end excluded.
        drift: the date from which the drift of `sites.DRIFT` acts, or None.
        sites, patients, stays, segments: the tables.
        parameters: the sites in use, in the order of `sites`.
    """

    seed: int
    start: pd.Timestamp
    end: pd.Timestamp
    drift: pd.Timestamp | None
    parameters: tuple[Site, ...]
    sites: pd.DataFrame
    patients: pd.DataFrame
    stays: pd.DataFrame
    segments: pd.DataFrame


@dataclass(frozen=True)
class _World:
    """When and where: minutes count from `start`."""

    seed: int
    start: np.datetime64
    days: int
    drift: int | None
    sites: tuple[Site, ...]

    @property
    def end(self) -> int:
        return self.days * DAY

    def site(self, name: str) -> Array:
        return np.array([getattr(site, name) for site in self.sites], dtype=float)

    def drifted(self, minute: Array) -> Array:
        if self.drift is None:
            return np.zeros(len(minute), dtype=bool)
        return np.asarray(minute >= self.drift)

    def times(self, minute: Array, known: Array | None = None) -> Array:
        """Return minutes as datetime64[s], NaT where not `known`."""
        moment = self.start + minute.astype("int64") * np.timedelta64(60, "s")
        if known is not None:
            moment = np.where(known, moment, np.datetime64("NaT", "s"))
        return np.asarray(moment, dtype="datetime64[s]")


@dataclass(frozen=True)
class _People:
    """Patients as arrays; `birth` in days from the start, `born` in minutes, -1 if elsewhere."""

    site: Array
    male: Array
    birth: Array
    born: Array
    mother: Array
    comorbid: Array
    frailty: Array

    def band(self, patient: Array, minute: Array) -> Array:
        """Return the age band at a minute."""
        age = (minute / DAY - self.birth[patient]) / YEAR
        return np.searchsorted(np.array(AGE_BANDS), age, side="right").clip(1) - 1

    def age(self, world: _World, patient: Array, minute: Array) -> Array:
        """Return completed years at a minute, by the calendar."""
        birth = world.start.astype("datetime64[D]") + self.birth[patient]
        return age_years(birth, world.times(minute))


def age_years(birth: Array, at: Array) -> Array:
    """Return completed years between two arrays of datetime64, at least 0."""
    birth_day, day = birth.astype("datetime64[D]"), at.astype("datetime64[D]")
    birth_month, month = birth_day.astype("datetime64[M]"), day.astype("datetime64[M]")
    months = (month - birth_month).astype("int64")
    later = (day - month).astype("int64") < (birth_day - birth_month).astype("int64")
    return np.asarray((months - later).clip(0) // 12)


def _pick(rng: np.random.Generator, weights: Array) -> Array:
    """Draw a column for each row of `weights` (rows, choices)."""
    total = np.cumsum(weights, axis=1)
    draw = rng.random(len(weights)) * total[:, -1]
    return (draw[:, None] >= total).sum(axis=1).clip(max=weights.shape[1] - 1)


def _people(world: _World, n: int) -> _People:
    rng = stream(world.seed, "facts.patients")
    share = world.site("share")
    site = np.searchsorted(np.cumsum(share / share.sum()), rng.random(n), side="right")
    site = site.clip(max=len(world.sites) - 1)
    ages = np.array([one.ages for one in world.sites])
    band = _pick(rng, ages[site])
    low = np.array(AGE_BANDS, dtype=float)
    width = np.append(np.diff(low), 0.0)
    age = low[band] + rng.random(n) * width[band]
    age = np.where(band == 5, 80 + rng.exponential(6.0, n).clip(max=22), age)
    male = rng.random(n) < np.where(age >= 80, 0.38, 0.49)
    birth = -np.floor(age * YEAR).astype("int64") - 1
    born, mother = _births(world, rng, site, male, birth, band == 0)
    birth = np.where(born >= 0, born // DAY, birth)
    decade = (np.where(born >= 0, 0.0, age) - 60) / 10
    comorbid = _comorbidities(world, rng, site, male, decade)
    f = eq.FRAILTY
    frailty = f["intercept"] + f["decade"] * decade + f["comorbidity"] * comorbid.sum(axis=1)
    frailty = eq.logistic(frailty + f["noise"] * rng.standard_normal(n)).round(4)
    return _People(site, male, birth, born, mother, comorbid, frailty)


def _comorbidities(
    world: _World, rng: np.random.Generator, site: Array, male: Array, decade: Array
) -> Array:
    shift = world.site("comorbidity")[site]
    present = np.zeros((len(site), len(COMORBIDITIES)), dtype=bool)
    for column, name in enumerate(COMORBIDITIES):
        base, slope, man = eq.COMORBIDITY_ODDS[name]
        odds = eq.logistic(base + slope * decade + man * male + shift)
        present[:, column] = (rng.random(len(site)) < odds) & (decade >= -4.5)
    return present


def _births(
    world: _World, rng: np.random.Generator, site: Array, male: Array, birth: Array, infant: Array
) -> tuple[Array, Array]:
    """Choose who is born in the hospital, when, and of which patient of the same site."""
    n = len(site)
    born, mother = np.full(n, -1, dtype="int64"), np.full(n, -1, dtype="int64")
    newborn = infant & (rng.random(n) < eq.NEWBORN_SHARE)
    minute = rng.integers(DAY, world.end - DAY, n)
    order = rng.permutation(n)
    woman = ~male & (-birth >= 19 * YEAR) & (-birth + world.days <= 43 * YEAR)
    for position in range(len(world.sites)):
        here = site[order] == position
        babies, women = order[here & newborn[order]], order[here & woman[order]]
        pairs = min(len(babies), len(women))
        born[babies[:pairs]] = minute[babies[:pairs]]
        mother[babies[:pairs]] = women[:pairs]
    return born, mother


def _arrivals(world: _World, rng: np.random.Generator, n: int) -> Array:
    """Draw minutes of arrival at an emergency department."""
    return arrival_days(rng, world.start, world.days, n) * DAY + minute_of_day(rng, n)


def arrival_days(rng: np.random.Generator, start: np.datetime64, days: int, n: int) -> Array:
    """Draw days from the start by the week and the season of an emergency department."""
    day = start.astype("datetime64[D]") + np.arange(days)
    weekday = (day.astype("int64") + 3) % 7
    of_year = (day - day.astype("datetime64[Y]")).astype("int64")
    amplitude, peak = ARRIVAL_SEASON
    season = 1 + amplitude * np.cos(2 * np.pi * (of_year - peak) / YEAR)
    total = np.cumsum(np.array(ARRIVAL_WEEKDAYS)[weekday] * season)
    draw = rng.random(n) * total[-1]
    return np.searchsorted(total, draw, side="right").clip(max=days - 1)


def minute_of_day(rng: np.random.Generator, n: int) -> Array:
    """Draw minutes of the day by the profile of arrivals at an emergency department."""
    total = np.cumsum(np.array(ARRIVAL_HOURS, dtype=float))
    hour = np.searchsorted(total, rng.random(n) * total[-1], side="right").clip(max=23)
    return hour * 60 + rng.integers(0, 60, n)


def _planned(world: _World, rng: np.random.Generator, n: int) -> Array:
    """Draw minutes of planned entries: working days, 7 h to 13 h."""
    day = rng.integers(0, world.days, n)
    weekday = (world.start.astype("datetime64[D]").astype("int64") + 3 + day) % 7
    # a Saturday or Sunday becomes a day of the week before, or the next Monday at the start
    before = day - (weekday - 4) - rng.integers(0, 5, n)
    moved = np.where(before >= 0, before, day + 7 - weekday)
    day = np.where(weekday >= 5, moved, day)
    return day * DAY + rng.integers(7 * 60, 13 * 60, n)


def _weights(world: _World, people: _People, patient: Array, minute: Array, way: str) -> Array:
    """Return the weight of every case (rows, cases), 0 for those of another way."""
    cases = [case for case in CASES if case.way == way]
    column = np.array([CASE_OF[case.key] for case in cases])
    shares = np.array([case.shares for case in cases]).T
    male = np.array([case.male for case in cases])
    raised = np.array([[case.raised_by.get(c, 0.0) for case in cases] for c in COMORBIDITIES])
    place = np.array([[s.case_factors.get(case.key, 1.0) for case in cases] for s in world.sites])
    weight = shares[people.band(patient, minute)] * place[people.site[patient]]
    weight *= np.where(people.male[patient, None], male, 1.0)
    weight *= np.exp(people.comorbid[patient].astype(float) @ raised)
    weight *= _season(world, minute, [case.season for case in cases])
    drift = np.array([DRIFT.case_factors.get(case.key, 1.0) for case in cases])
    weight *= np.where(world.drifted(minute)[:, None], drift, 1.0)
    whole = np.zeros((len(patient), len(CASES)))
    whole[:, column] = weight
    return whole


def _season(world: _World, minute: Array, seasons: Sequence[tuple[float, int]]) -> Array:
    day = world.start.astype("datetime64[D]") + minute // DAY
    of_year = (day - day.astype("datetime64[Y]")).astype("int64")
    amplitude, peak = np.array(seasons, dtype=float).T
    return 1 + amplitude * np.cos(2 * np.pi * (of_year[:, None] - peak) / YEAR)


@dataclass
class _Episodes:
    """Stays that are due, if the patient is alive and free then."""

    patient: Array
    minute: Array
    case: Array


def _due(world: _World, people: _People) -> _Episodes:
    """Draw the stays with nights that are no readmission, ordered by patient and time."""
    rng = stream(world.seed, "facts.episodes")
    n, years = len(people.site), world.days / YEAR
    everyone = np.arange(n)
    band = people.band(everyone, np.zeros(n))
    rate = eq.EMERGENCY_RATE
    log_rate = rate["intercept"] + rate["frailty"] * (people.frailty - 0.1)
    log_rate += rate["comorbidities"] * people.comorbid.sum(axis=1) + rate["infant"] * (band == 0)
    urgent = np.repeat(everyone, rng.poisson(np.exp(log_rate) * years))
    planned = np.repeat(everyone, rng.poisson(np.array(eq.ELECTIVE_RATE)[band] * years))
    when = _arrivals(world, rng, len(urgent)), _planned(world, rng, len(planned))
    kept = ~world.drifted(when[1]) | (rng.random(len(planned)) < DRIFT.elective)
    patient = np.concatenate([urgent, planned[kept]])
    minute = np.concatenate([when[0], when[1][kept]])
    weight = np.concatenate(
        [
            _weights(world, people, urgent, when[0], "emergency"),
            _weights(world, people, planned[kept], when[1][kept], "elective"),
        ]
    )
    case = _pick(rng, weight)
    patient, minute, case = _with_births(people, rng, patient, minute, case)
    order = np.lexsort((minute, patient))
    return _Episodes(patient[order], minute[order], case[order])


def _with_births(
    people: _People, rng: np.random.Generator, patient: Array, minute: Array, case: Array
) -> tuple[Array, Array, Array]:
    """Add the deliveries and newborns; nothing else happens to mother or child before."""
    baby = np.flatnonzero(people.born >= 0)
    mother, birth = people.mother[baby], people.born[baby]
    labour = birth - rng.integers(3 * 60, 14 * 60, len(baby))
    since = np.full(len(people.site), -1, dtype="int64")
    since[baby], since[mother] = birth, birth
    kept = minute > since[patient]
    return (
        np.concatenate([patient[kept], mother, baby]),
        np.concatenate([minute[kept], labour, birth]),
        np.concatenate(
            [
                case[kept],
                np.full(len(baby), CASE_OF["delivery"]),
                np.full(len(baby), CASE_OF["newborn"]),
            ]
        ),
    )


def _case_values(name: str) -> Array:
    return np.array([getattr(case, name) for case in CASES], dtype=float)


def _is_way(case: Array, way: str) -> Array:
    return np.array([one.way == way for one in CASES])[case]


_CHRONIC: Final = np.array([key in eq.CHRONIC_CASES for key in CASE_KEYS])
_CANCER: Final = COMORBIDITIES.index("cancer")


def _known(
    world: _World, people: _People, patient: Array, case: Array, minute: Array
) -> dict[str, Array]:
    """Return the features that are settled at entry, all but the severity."""
    site, drifted = people.site[patient], world.drifted(minute)
    factor = world.site("days_factor")[site] * np.where(drifted, DRIFT.days_factor, 1.0)
    return {
        "frailty": people.frailty[patient] - 0.1,
        "age_75": (people.age(world, patient, minute) >= 75).astype(float),
        "comorbidities": people.comorbid[patient].sum(axis=1).astype(float),
        "cancer": people.comorbid[patient, _CANCER].astype(float),
        "chronic_case": _CHRONIC[case].astype(float),
        "site_deterioration": world.site("deterioration")[site],
        "site_death": world.site("death")[site],
        "site_readmission": world.site("readmission")[site],
        "log_days_factor": np.log(factor),
        "mean_severity": eq.SEVERITY["intercept"]
        + eq.SEVERITY["frailty"] * (people.frailty[patient] - 0.1)
        + world.site("severity")[site]
        + np.where(drifted, DRIFT.severity, 0.0),
    }


def _delay(world: _World, rng: np.random.Generator, site: Array) -> Array:
    """Draw the minutes in the emergency department of those who stay."""
    median, spread = EMERGENCY_MINUTES
    value = median * world.site("emergency_delay")[site]
    value = value * np.exp(spread * rng.standard_normal(len(site)))
    return value.clip(40, 23 * 60).astype("int64")


def _exit(rng: np.random.Generator, entry: Array, days: Array, dies: Array, nights: Array) -> Array:
    """Return the minute of exit: deaths at any time, others by day, about 14 h 30."""
    raw = entry + (days * DAY).astype("int64").clip(150)
    hour = rng.triangular(10.5, 14.5, 18.5, len(entry))
    by_day = raw // DAY * DAY + (hour * 60).astype("int64")
    snapped = nights & ~dies & (days >= 0.7) & (by_day >= entry + 240)
    return np.where(snapped, by_day, raw)


def _live(
    world: _World, people: _People, rng: np.random.Generator, due: _Episodes, prior: Array
) -> dict[str, Array]:
    """Draw what happens in these stays, one a row."""
    patient, case, n = due.patient, due.case, len(due.patient)
    emergency = _is_way(case, "emergency")
    delay = _delay(world, rng, people.site[patient])
    entry = due.minute + np.where(emergency, delay, 0)
    features = _known(world, people, patient, case, entry)
    noise = eq.SEVERITY["noise"] * rng.standard_normal(n)
    features["severity"] = (features["mean_severity"] + noise).round(4)
    base = eq.log_odds(_case_values("deterioration"))[case]
    worse = rng.random(n) < eq.DETERIORATION.probability(features, base)
    features["deteriorates"] = worse.astype(float)
    dies = rng.random(n) < eq.DEATH.probability(features, eq.log_odds(_case_values("death"))[case])
    features["dies"] = dies.astype(float)
    length = eq.DAYS.linear(features, np.log(_case_values("days"))[case])
    days = np.exp(length + _case_values("spread")[case] * rng.standard_normal(n)).clip(0.12, 150)
    leave = _exit(rng, entry, days, dies, ~_is_way(case, "day"))
    part = rng.beta(1.1, 2.5, n)
    moment = entry + np.maximum(45, (part * (leave - entry)).astype("int64"))
    return {
        "patient": patient,
        "case": case,
        "arrival": due.minute,
        "emergency": emergency,
        "entry": entry,
        "exit": leave,
        "severity": features["severity"],
        "deteriorates": worse,
        "deteriorates_at": np.minimum(moment, leave - 60),
        "dies": dies,
        "prior": prior,
    }


def _after(
    world: _World, people: _People, rng: np.random.Generator, stay: Mapping[str, Array]
) -> tuple[Array, Array, Array]:
    """Draw who comes back within 30 days, who dies at home within 30 days, and when."""
    patient = stay["patient"]
    features = _known(world, people, patient, stay["case"], stay["entry"])
    features["prior_stays"] = stay["prior"].clip(max=4).astype(float)
    back, death = eq.READMISSION.probability(features), eq.DEATH_AFTER.probability(features)
    eligible = ~stay["dies"] & ~_is_way(stay["case"], "birth")
    draw = rng.random(len(patient))
    returns = eligible & (draw < back)
    dies = eligible & ~returns & (draw < back + (1 - back) * death)
    day = 1 + np.floor(rng.beta(0.9, 1.4, len(patient)) * 28).astype("int64").clip(max=27)
    hour = minute_of_day(rng, len(patient))
    later = np.where(
        returns, (stay["exit"] // DAY + day) * DAY + hour, stay["exit"] + day * DAY + hour // 2
    )
    return returns, dies, later


def _return_case(
    world: _World,
    people: _People,
    rng: np.random.Generator,
    patient: Array,
    minute: Array,
    case: Array,
) -> Array:
    """Choose the case of a readmission: the same one, or any of the emergency department's."""
    inside = minute.clip(max=world.end - 1)
    other = _pick(rng, _weights(world, people, patient, inside, "emergency"))
    same = (rng.random(len(patient)) < eq.SAME_CASE) & _is_way(case, "emergency")
    return np.where(same, case, other)


def _nights(world: _World, people: _People) -> tuple[dict[str, Array], Array]:
    """Draw the stays with nights, one a patient and a round, and the deaths (minute or -1).

    Returns:
        The stays, and the minute of death out of hospital within 30 days of an exit.
    """
    rng = stream(world.seed, "facts.stays")
    due, n = _due(world, people), len(people.site)
    pointer = np.searchsorted(due.patient, np.arange(n), side="left")
    last = np.searchsorted(due.patient, np.arange(n), side="right")
    free, prior = np.zeros(n, dtype="int64") - DAY, np.zeros(n, dtype="int64")
    death = np.full(n, -1, dtype="int64")
    # what each patient has next as a readmission: minute, case, row of the stay it follows
    pending = np.full((3, n), -1, dtype="int64")
    rounds: list[dict[str, Array]] = []
    rows = 0
    active = np.arange(n)
    while len(active):
        pointer = _skip(due, pointer, last, free, active)
        comes_back = pending[0, active] >= 0
        active = active[comes_back | (pointer[active] < last[active])]
        if not len(active):
            break
        comes_back = pending[0, active] >= 0
        row = pointer[active].clip(max=max(len(due.patient) - 1, 0))
        nothing = len(due.patient) == 0
        minute = np.where(comes_back, pending[0, active], 0 if nothing else due.minute[row])
        case = np.where(comes_back, pending[1, active], 0 if nothing else due.case[row])
        stay = _live(world, people, rng, _Episodes(active, minute, case), prior[active])
        stay["follows"] = np.where(comes_back, pending[2, active], -1)
        pointer[active[~comes_back]] += 1
        free[active] = stay["exit"] + MONTH
        prior[active] += 1
        returns, dies_after, later = _after(world, people, rng, stay)
        next_case = _return_case(world, people, rng, active, later, case)
        returns &= later < world.end
        mark = np.arange(rows, rows + len(active))
        pending[:, active] = np.where(returns, np.stack([later, next_case, mark]), -1)
        death[active] = np.where(dies_after, later, -1)
        rounds.append(stay)
        rows += len(active)
        active = active[~stay["dies"] & ~dies_after]
    if not rounds:
        rounds = [_live(world, people, rng, _Episodes(*[np.zeros(0, int)] * 3), np.zeros(0, int))]
        rounds[0]["follows"] = np.zeros(0, dtype=int)
    return {name: np.concatenate([one[name] for one in rounds]) for name in rounds[0]}, death


def _skip(due: _Episodes, pointer: Array, last: Array, free: Array, active: Array) -> Array:
    """Move pointers over the stays that come too early; they do not take place."""
    waiting = active[pointer[active] < last[active]]
    while len(waiting):
        waiting = waiting[due.minute[pointer[waiting]] < free[waiting]]
        pointer[waiting] += 1
        waiting = waiting[pointer[waiting] < last[waiting]]
    return pointer


def _deaths(
    world: _World, people: _People, nights: Mapping[str, Array], after: Array
) -> tuple[Array, Array]:
    """Return the minute of each patient's death (-1: alive) and whether it is in hospital."""
    rng = stream(world.seed, "facts.deaths")
    n = len(people.site)
    b = eq.BACKGROUND_DEATH
    decade = (-people.birth / YEAR - 60) / 10
    hazard = np.exp(b["intercept"] + b["decade"] * decade + b["frailty"] * people.frailty)
    since = np.where(people.born >= 0, people.born, 0)
    np.maximum.at(since, nights["patient"], nights["exit"])
    natural = since + MONTH * (since > 0) + rng.exponential(YEAR * DAY, n) / hazard
    # a birth in hospital is followed by no death outside it: see the card
    natural = np.where((natural < world.end) & (people.born < 0), natural, -1).astype("int64")
    death = np.where((after >= 0) & (after < world.end), after, natural)
    # beyond the end nothing is known
    death = np.where(after >= world.end, -1, death)
    inside = np.zeros(n, dtype=bool)
    who = nights["patient"][nights["dies"]]
    inside[who] = True
    death[who] = nights["exit"][nights["dies"]]
    return death, inside


def _day_stays(
    world: _World, people: _People, nights: Mapping[str, Array], death: Array
) -> dict[str, Array]:
    """Draw day surgery and chemotherapy, on days without any other stay."""
    rng = stream(world.seed, "facts.day_stays")
    n, everyone = len(people.site), np.arange(len(people.site))
    band = people.band(everyone, np.zeros(n))
    single = np.repeat(everyone, rng.poisson(np.array(eq.DAY_RATE)[band] * world.days / YEAR))
    single = single[people.born[single] < 0]
    minute = _planned(world, rng, len(single))
    case = _pick(rng, _weights(world, people, single, minute, "day"))
    sick = everyone[people.comorbid[:, _CANCER] & (rng.random(n) < eq.CHEMOTHERAPY_SHARE)]
    first, sessions = (
        _planned(world, rng, len(sick)),
        rng.poisson(eq.CHEMOTHERAPY_SESSIONS, len(sick)),
    )
    step = np.where(rng.random(len(sick)) < 0.5, 14, 21)
    row = np.repeat(np.arange(len(sick)), sessions)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(sessions) - sessions, sessions)
    patient = np.concatenate([single, sick[row]])
    minute = np.concatenate([minute, first[row] + rank * step[row] * DAY])
    case = np.concatenate([case, np.full(len(row), CASE_OF["chemotherapy"])])
    kept = (rng.random(len(patient)) < DRIFT.elective) | ~world.drifted(minute)
    # no session is given up
    kept |= case == CASE_OF["chemotherapy"]
    kept &= (minute < world.end) & ((death[patient] < 0) | (minute + DAY < death[patient]))
    due = _Episodes(patient[kept], minute[kept], case[kept])
    due = _free_days(due, nights)
    stay = _live(world, people, rng, due, np.zeros(len(due.patient), dtype="int64"))
    # they end the same day
    closing = stay["entry"] // DAY * DAY + 19 * 60
    stay["exit"] = np.minimum(stay["exit"], closing)
    stay["follows"] = np.full(len(due.patient), -1)
    stay["prior"] = _ended_before(nights, due)
    return stay


def _free_days(due: _Episodes, nights: Mapping[str, Array]) -> _Episodes:
    """Keep one day stay a patient and a day, away from the stays with nights."""
    day = due.minute // DAY
    wide = np.int64(2**32)
    # both keys order by patient, then time; the minutes are shifted to be positive
    _, first = np.unique(due.patient * wide + day, return_index=True)
    due = _Episodes(due.patient[first], due.minute[first], due.case[first])
    start, finish = due.minute // DAY * DAY, (due.minute // DAY + 1) * DAY
    order = np.lexsort((nights["arrival"], nights["patient"]))
    patient, arrival = nights["patient"][order], nights["arrival"][order] + DAY
    leave = nights["exit"][order]
    key = patient * wide + arrival
    before = np.searchsorted(key, due.patient * wide + finish + DAY, side="right") - 1
    if len(key):
        same = (before >= 0) & (patient[before] == due.patient)
        clash = same & (leave[before] > start)
    else:
        clash = np.zeros(len(due.patient), dtype=bool)
    return _Episodes(due.patient[~clash], due.minute[~clash], due.case[~clash])


def _ended_before(nights: Mapping[str, Array], due: _Episodes) -> Array:
    """Count the stays with nights of the same patient that ended before."""
    wide = np.int64(2**32)
    key = np.sort(nights["patient"] * wide + nights["exit"])
    upper = np.searchsorted(key, due.patient * wide + due.minute, side="right")
    return upper - np.searchsorted(key, due.patient * wide, side="left")


def _sorted_stays(nights: Mapping[str, Array], days: Mapping[str, Array]) -> dict[str, Array]:
    """Put both kinds together, by entry; `follows` keeps pointing at the right rows."""
    stay = {name: np.concatenate([nights[name], days[name]]) for name in nights}
    order = np.lexsort((stay["patient"], stay["entry"]))
    place = np.empty(len(order), dtype="int64")
    place[order] = np.arange(len(order))
    stay = {name: values[order] for name, values in stay.items()}
    follows = stay["follows"]
    stay["follows"] = np.where(follows >= 0, place[follows.clip(0)] if len(place) else -1, -1)
    return stay


def _cuts(world: _World, people: _People, stay: Mapping[str, Array]) -> tuple[Array, list[Array]]:
    """Return the limits between the five possible units of a stay (rows, 6), and the units.

    Short-stay unit, critical care on entry, main unit, critical care at a deterioration, main
    unit again; a unit without minutes is not in the path.
    """
    rng = stream(world.seed, "facts.units")
    case, n = stay["case"], len(stay["case"])
    names = list(UNITS)
    entry, leave = stay["entry"], stay["exit"]
    age = people.age(world, stay["patient"], entry)
    span = (leave - entry).astype(float)
    short = stay["emergency"] & (rng.random(n) < _case_values("uhcd")[case])
    short_end = entry + np.where(
        short, np.minimum(rng.uniform(5, 20, n) * 60, 0.45 * span), 0
    ).astype("int64")
    odds = eq.log_odds(_case_values("critical_share")[case]) + 0.9 * stay["severity"]
    critical = rng.random(n) < eq.logistic(odds)
    stop = np.minimum(rng.uniform(16, 72, n) * 60, 0.6 * (leave - short_end))
    critical_end = short_end + np.where(critical, stop, 0).astype("int64")
    birth = _is_way(case, "birth")
    moves = stay["deteriorates"] & ~birth & (rng.random(n) < np.where(age < 85, 0.5, 0.15))
    begin = stay["deteriorates_at"] + rng.integers(20, 180, n)
    moves &= (begin > critical_end) & (begin < leave - 120)
    part = np.where(stay["dies"] & (rng.random(n) < 0.7), 1.0, rng.uniform(0.2, 0.6, n))
    intensive = np.where(moves, begin, leave)
    back = np.where(moves, begin + (part * (leave - begin)).astype("int64"), leave)
    main = _main_unit(case, age, names)
    at_entry = np.array([names.index(one.critical or "REA") for one in CASES])[case]
    units = [
        np.full(n, names.index("UHCD")),
        at_entry,
        main,
        np.full(n, names.index("REA")),
        main,
    ]
    return np.stack([entry, short_end, critical_end, intensive, back, leave], axis=1), units


def _main_unit(case: Array, age: Array, names: list[str]) -> Array:
    main = np.array([names.index(one.unit) for one in CASES])[case]
    old = np.array([names.index(one.unit_80 or one.unit) for one in CASES])[case]
    surgical = np.array([one.surgical for one in CASES])[case]
    main = np.where(age >= 80, old, main)
    child = (age < 15) & _is_way(case, "emergency") & ~surgical
    return np.where(child, names.index("PEDI"), main)


def _segments(world: _World, people: _People, stay: Mapping[str, Array]) -> pd.DataFrame:
    """Return one row a medical unit of a stay."""
    limits, units = _cuts(world, people, stay)
    unit = np.stack(units, axis=1)
    there = np.diff(limits, axis=1) > 0
    row, column = np.nonzero(there)
    code = unit[row, column]
    begin, end = limits[row, column], limits[row, column + 1]
    # the same unit twice in a row is one passage
    new = np.ones(len(row), dtype=bool)
    new[1:] = (row[1:] != row[:-1]) | (code[1:] != code[:-1])
    first = np.flatnonzero(new)
    final = np.append(first[1:], len(row))[: len(first)] - 1
    row = row[first]
    rank = np.arange(len(row)) - np.searchsorted(row, row, side="left") + 1
    return pd.DataFrame(
        {
            "stay": row,
            "rank": rank,
            "unit": pd.Categorical.from_codes(code[first], categories=list(UNITS)),
            "entry_at": world.times(begin[first]),
            "exit_at": world.times(end[final]),
        }
    )


def _paths(segments: pd.DataFrame, n: int) -> pd.Series:
    """Return the units of each stay as text."""
    code = segments["unit"].cat.codes.to_numpy().astype("int64")
    total = np.zeros(n, dtype="int64")
    # at most five units: one number a path, its digits the units from 1
    weight = 32 ** (segments["rank"].to_numpy() - 1)
    np.add.at(total, segments["stay"].to_numpy(), (code + 1) * weight)
    numbers, inverse = np.unique(total, return_inverse=True)
    names, texts = list(UNITS), []
    for number in numbers.tolist():
        steps = []
        while number:
            steps.append(names[number % 32 - 1])
            number //= 32
        texts.append(">".join(steps))
    return pd.Series(np.array(texts, dtype=object)[inverse], dtype="str")


def _identifiers(prefix: str, n: int) -> pd.Series:
    return pd.Series(np.char.mod(f"{prefix}%07d", np.arange(1, n + 1)), dtype="str")


def _patient_table(world: _World, people: _People, death: Array, inside: Array) -> pd.DataFrame:
    rng = stream(world.seed, "facts.cancers")
    n = len(people.site)
    table = pd.DataFrame({"patient_id": _identifiers("P", n), "site": people.site})
    table["sex"] = pd.Series(np.where(people.male, "M", "F"), dtype="str")
    birth = world.start.astype("datetime64[D]") + people.birth
    table["birth_date"] = birth.astype("datetime64[s]")
    for column, name in enumerate(COMORBIDITIES):
        table[name] = people.comorbid[:, column]
    shares = np.array([[share for _, share in sex] for sex in CANCER_CODES])
    codes = np.array([[code for code, _ in sex] for sex in CANCER_CODES], dtype=object)
    sex = people.male.astype(int)
    code = codes[sex, _pick(rng, shares[sex])]
    table["cancer_code"] = pd.Series(code, dtype="str").where(table["cancer"])
    table["frailty"] = people.frailty
    table["mother"] = people.mother
    table["death_at"] = world.times(death, death >= 0)
    table["dies_in_hospital"] = inside
    return table


def _stay_table(
    world: _World, people: _People, stay: Mapping[str, Array], segments: pd.DataFrame
) -> pd.DataFrame:
    n = len(stay["patient"])
    emergency = stay["emergency"]
    night = ~_is_way(stay["case"], "day")
    table = pd.DataFrame({"stay_id": _identifiers("ST", n)})
    table["patient"] = stay["patient"]
    table["site"] = people.site[stay["patient"]]
    table["arrival_at"] = world.times(stay["arrival"], emergency)
    table["entry_at"] = world.times(stay["entry"])
    table["exit_at"] = world.times(stay["exit"])
    table["age"] = people.age(world, stay["patient"], stay["entry"])
    table["case"] = pd.Categorical.from_codes(stay["case"], categories=list(CASE_KEYS))
    table["severity"] = stay["severity"]
    table["emergency"] = emergency
    table["elective"] = ~emergency & ~_is_way(stay["case"], "birth")
    table["night"] = night
    table["prior_stays"] = stay["prior"]
    table["drifted"] = world.drifted(stay["entry"])
    table["deteriorates_at"] = world.times(stay["deteriorates_at"], stay["deteriorates"])
    table["dies"] = stay["dies"]
    table["readmission_of"] = stay["follows"]
    table["path"] = _paths(segments, n)
    return table


def make_facts(
    patients: int,
    seed: int,
    start: pd.Timestamp,
    days: int,
    sites: tuple[Site, ...],
    drift: pd.Timestamp | None = None,
) -> Facts:
    """Draw the truth about a virtual hospital; `hospital` checks the arguments.

    Args:
        patients: how many people, at least 1.
        seed: the same seed and arguments give the same facts.
        start: first day, a midnight.
        days: length of the period, at least 30.
        sites: the sites in use.
        drift: the day from which `sites.DRIFT` acts.
    """
    begin = np.datetime64(start.to_pydatetime().replace(tzinfo=None), "s")
    minute = None if drift is None else int((drift - start).total_seconds() // 60)
    world = _World(seed, begin, days, minute, sites)
    people = _people(world, patients)
    nights, after = _nights(world, people)
    death, inside = _deaths(world, people, nights, after)
    stay = _sorted_stays(nights, _day_stays(world, people, nights, death))
    segments = _segments(world, people, stay)
    frame = pd.DataFrame(
        {
            name: [getattr(site, name) for site in sites]
            for name in Site.__dataclass_fields__
            if name not in ("ages", "case_factors")
        }
    )
    return Facts(
        seed=seed,
        start=start,
        end=start + pd.Timedelta(days=days),
        drift=drift,
        parameters=sites,
        sites=frame,
        patients=_patient_table(world, people, death, inside),
        stays=_stay_table(world, people, stay, segments),
        segments=segments,
    )


def features(facts: Facts) -> dict[str, Array]:
    """Return the features of `equations.py`, one value a stay, recomputed from the tables."""
    stays, patients = facts.stays, facts.patients
    patient, site = stays["patient"].to_numpy(), stays["site"].to_numpy()
    drifted = stays["drifted"].to_numpy()

    def of_site(name: str) -> Array:
        return np.asarray(facts.sites[name].to_numpy(dtype=float)[site])

    frailty = patients["frailty"].to_numpy()[patient] - 0.1
    factor = of_site("days_factor") * np.where(drifted, DRIFT.days_factor, 1.0)
    count = patients[list(COMORBIDITIES)].to_numpy().sum(axis=1)[patient]
    return {
        "severity": stays["severity"].to_numpy(),
        "mean_severity": eq.SEVERITY["intercept"]
        + eq.SEVERITY["frailty"] * frailty
        + of_site("severity")
        + np.where(drifted, DRIFT.severity, 0.0),
        "frailty": frailty,
        "age_75": (stays["age"].to_numpy() >= 75).astype(float),
        "comorbidities": count.astype(float),
        "cancer": patients["cancer"].to_numpy()[patient].astype(float),
        "deteriorates": stays["deteriorates_at"].notna().to_numpy().astype(float),
        "dies": stays["dies"].to_numpy().astype(float),
        "prior_stays": stays["prior_stays"].to_numpy().clip(max=4).astype(float),
        "chronic_case": _CHRONIC[stays["case"].cat.codes.to_numpy()].astype(float),
        "site_deterioration": of_site("deterioration"),
        "site_death": of_site("death"),
        "site_readmission": of_site("readmission"),
        "log_days_factor": np.log(factor),
    }
