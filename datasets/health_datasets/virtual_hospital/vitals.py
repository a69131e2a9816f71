"""The table `vitals`: observations at the bedside, with the NEWS2 that they give.

A set of observations is taken every `EVERY` minutes, by unit; on a ward twice as often when the
patient looks ill, with the log-odds of `CLOSER` (so that how often informs). Values follow

    base(age) + decade * (age - 60) / 10 + comorbidity + case * (0.3 + 0.7 * exp(-days / 3))
    + acute * acute(t) + worse * worse(t) + patient (sd) + stay (sd) + noise (sd)

with `acute(t)` and `worse(t)` from `course.py`. Whose saturation in air lies under the target
(94 %, 88 % with a COPD) is given oxygen. On a ward the respiratory rate is left out with
probability `UNCOUNTED`, less when the patient is ill, and the temperature with `UNTAKEN`. All
coefficients are assumptions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.cases import CASE_OF, UNITS
from health_datasets.virtual_hospital.course import (
    CASE_LASTING,
    Course,
    by_case,
    by_comorbidity,
    case_codes,
    category,
    course,
    decades,
    in_critical_unit,
    keys,
    minutes,
    moments,
)
from health_datasets.virtual_hospital.equations import Array, logistic
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.identity import EMERGENCY_UNIT
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import Column, Table, table

PLACES: Final = [EMERGENCY_UNIT, *UNITS]
# minutes between two sets of observations
EVERY: Final = {
    **dict.fromkeys(PLACES, 480),
    **{EMERGENCY_UNIT: 120, "REA": 60, "USIC": 120, "USINV": 120, "UHCD": 240},
    **{"MATE": 720, "UCA": 120, "HDJ": 120},
}
# from this many minutes on, one more set may come in between
LOOSE: Final = 240
# log-odds of one more set between two on a ward
CLOSER: Final = {"base": -2.2, "acute": 1.1, "worse": 3.2}
# shares left out on a ward, and the shift of the log-odds by unit of `acute` and of `worse`
UNCOUNTED, UNTAKEN = 0.25, 0.12
ATTENTION: Final = (-0.5, -3.0)
TARGET, TARGET_COPD = 94.0, 88.0
LEVELS: Final = ["A", "C", "V", "P", "U"]
# log-odds of not being alert, by case and otherwise; among those, shares of C, V, P, U
DROWSY: Final = {"base": -5.6, "acute": 0.5, "worse": 2.4, "dementia": 1.3, "stay": 0.7}
DROWSY_CASES: Final = {
    **{"intoxication": 3.6, "seizure": 2.4, "stroke": 2.6, "sepsis": 1.2, "diabetes": 0.6},
    **{"fall": 0.6, "newborn": -9.0, "delivery": -3.0},
}
DROWSY_SHARES: Final = (0.55, 0.27, 0.12, 0.06)


@dataclass(frozen=True)
class Vital:
    """A measurement: base under 2 years, under 15, then; effects; spreads; bounds."""

    base: tuple[float, float, float]
    spread: tuple[float, float, float]
    bounds: tuple[float, float]
    decade: float = 0.0
    acute: float = 0.0
    worse: float = 0.0
    comorbidity: Mapping[str, float] = field(default_factory=dict)
    cases: Mapping[str, float] = field(default_factory=dict)


# `spread`: between patients, between stays, one measurement
VITALS: Final[dict[str, Vital]] = {
    "heart_rate": Vital(
        (135, 98, 77), (6, 4, 6), (25, 230), acute=4, worse=16,
        comorbidity={"atrial_fibrillation": 5, "heart_failure": 2},
        cases={"sepsis": 18, "pneumonia": 11, "pulmonary_embolism": 14, "atrial_fibrillation": 28,
               "heart_failure": 10, "gi_bleed": 14, "copd": 10, "asthma": 14, "pyelonephritis": 10,
               "bronchiolitis": 18, "gastroenteritis": 8, "appendicitis": 8, "cholecystitis": 8},
    ),
    "systolic": Vital(
        (86, 104, 126), (9, 5, 7), (45, 250), decade=2.0, acute=-2.5, worse=-14,
        comorbidity={"hypertension": 9, "heart_failure": -5},
        cases={"sepsis": -14, "gi_bleed": -10, "stroke": 16, "aki": -4, "gastroenteritis": -4,
               "pulmonary_embolism": -5},
    ),
    "respiratory_rate": Vital(
        (38, 22, 15.5), (1, 0.8, 1.4), (6, 75), acute=0.9, worse=4,
        comorbidity={"copd": 1, "heart_failure": 0.8},
        cases={"bronchiolitis": 14, "asthma": 6, "copd": 5, "pulmonary_embolism": 5,
               "pneumonia": 4, "heart_failure": 4, "sepsis": 4},
    ),
    # in air: what oxygen adds comes after
    "spo2": Vital(
        (97.5, 98, 97.4), (0.7, 0.6, 0.9), (55, 100), decade=-0.15, acute=-0.5, worse=-2.6,
        comorbidity={"copd": -3.5, "heart_failure": -0.4},
        cases={"bronchiolitis": -4, "pneumonia": -3.2, "copd": -2.5, "pulmonary_embolism": -3,
               "heart_failure": -2.6, "asthma": -2, "sepsis": -1},
    ),
    "temperature": Vital(
        (36.9, 36.8, 36.8), (0.15, 0.1, 0.25), (33.5, 41.8), acute=0.08, worse=0.35,
        cases={"sepsis": 1.5, "pyelonephritis": 1.5, "pneumonia": 1.1, "cellulitis": 0.8,
               "cholecystitis": 0.8, "appendicitis": 0.7, "bronchiolitis": 0.8,
               "gastroenteritis": 0.4, "copd": 0.2},
    ),
}  # fmt: skip


def _points(value: Array, limits: tuple[float, ...], points: tuple[int, ...]) -> Array:
    """Score by bands: `limits` are the lowest values of the second band and the next ones."""
    return np.array(points)[np.searchsorted(np.array(limits), value, side="right")]


def news2(
    respiratory_rate: Array,
    spo2: Array,
    oxygen: Array,
    systolic: Array,
    heart_rate: Array,
    alert: Array,
    temperature: Array,
    scale_2: Array,
) -> Array:
    """Return the National Early Warning Score 2, 0 to 20, NaN where a value is missing.

    Bands: Royal College of Physicians, *National Early Warning Score (NEWS) 2*, London, 2017,
    chart 1. Not for those under 16 years, nor in pregnancy.

    Args:
        respiratory_rate: breaths a minute.
        spo2: saturation, %.
        oxygen: whether the patient is on oxygen.
        systolic: systolic pressure, mmHg.
        heart_rate: beats a minute.
        alert: whether alert; new confusion, voice, pain and unresponsive score 3.
        temperature: °C, one decimal.
        scale_2: whether the saturation is judged by scale 2 (target 88 to 92 %).
    """
    usual = _points(spo2, (92, 94, 96), (3, 2, 1, 0))
    second = _points(spo2, (84, 86, 88), (3, 2, 1, 0))
    too_much = _points(spo2, (93, 95, 97), (0, 1, 2, 3))
    second = np.where(oxygen, np.maximum(second, too_much), second)
    tenths = np.round(np.nan_to_num(temperature) * 10)
    total = (
        _points(respiratory_rate, (9, 12, 21, 25), (3, 1, 0, 2, 3))
        + np.where(scale_2, second, usual)
        + np.where(oxygen, 2, 0)
        + _points(systolic, (91, 101, 111, 220), (3, 2, 1, 0, 3))
        + _points(heart_rate, (41, 51, 91, 111, 131), (3, 1, 0, 1, 2, 3))
        + np.where(alert, 0, 3)
        + _points(tenths, (351, 361, 381, 391), (3, 1, 0, 1, 2))
    ).astype("float32")
    known = ~np.isnan(respiratory_rate) & ~np.isnan(spo2) & ~np.isnan(systolic)
    known &= ~np.isnan(heart_rate) & ~np.isnan(temperature)
    return np.where(known, total, np.float32("nan"))


@dataclass(frozen=True)
class _Sets:
    """Sets of observations: stay, minute, place; how ill the patient is."""

    stay: Array
    minute: Array
    place: Array
    acute: Array
    worse: Array
    fading: Array


def _slots(begin: Array, end: Array, step: Array) -> tuple[Array, Array, Array]:
    """Return row, minute and rank of the moments at each step from begin to end."""
    count = np.maximum(0, (end - begin - 1) // step + 1)
    row = np.repeat(np.arange(len(begin)), count)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, begin[row] + rank * step[row], rank


def _triage(facts: Facts) -> tuple[Array, Array]:
    """Return stay and minute of the triage of those who came by the emergency department."""
    visits = table(facts, "emergency_visits")
    visits = visits[visits["stay_id"].notna()]
    row = pd.Index(facts.stays["stay_id"]).get_indexer(visits["stay_id"])
    return row, minutes(facts, visits["triage_at"])


def _places(facts: Facts, rng: np.random.Generator, told: Course) -> tuple[Array, ...]:
    """Return stay, place, begin and end of each passage, the emergency department included."""
    segments = facts.segments
    came, triage = _triage(facts)
    stay = np.concatenate([came, segments["stay"].to_numpy()])
    place = np.concatenate([np.zeros(len(came)), segments["unit"].cat.codes.to_numpy() + 1])
    entry = minutes(facts, segments["entry_at"])
    begin = np.concatenate([triage, entry + rng.integers(2, 25, len(entry))])
    end = np.concatenate([told.entry[came], minutes(facts, segments["exit_at"])])
    order = np.argsort(stay, kind="stable")
    return stay[order], place[order].astype("int64"), begin[order], end[order]


def _sets(facts: Facts, rng: np.random.Generator, told: Course) -> _Sets:
    """Draw when observations are taken; ordered by stay and time."""
    owner, place, begin, end = _places(facts, rng, told)
    every = np.array([EVERY[one] for one in PLACES])[place]
    loose = every >= LOOSE
    row, minute, rank = _slots(begin, end, np.where(loose, every // 2, every))
    # less than half a step: the order stays
    minute = minute + np.where(rank > 0, rng.integers(-12, 13, len(row)), 0)
    kept = minute < end[row]
    row, minute, rank = row[kept], minute[kept], rank[kept]
    stay = owner[row]
    acute, worse = told.acute(stay, minute), told.worse(stay, minute)
    odds = CLOSER["base"] + CLOSER["acute"] * acute + CLOSER["worse"] * worse
    kept = (rank % 2 == 0) | ~loose[row] | (rng.random(len(stay)) < logistic(odds))
    stay, minute = stay[kept], minute[kept]
    return _Sets(
        stay, minute, place[row][kept], acute[kept], worse[kept], told.fading(stay, minute)
    )


def _slow(facts: Facts, rng: np.random.Generator, sets: _Sets, one: Vital, own: Array) -> Array:
    """Return a measurement without its noise."""
    stays = facts.stays
    age, patient = stays["age"].to_numpy(), stays["patient"].to_numpy()
    base = np.array(one.base)[np.searchsorted(np.array([2, 15]), age, side="right")]
    base = base + one.decade * decades(age)
    base = base + (by_comorbidity(facts, dict(one.comorbidity)) + one.spread[0] * own)[patient]
    base = base + one.spread[1] * rng.standard_normal(len(stays))
    case = by_case(dict(one.cases))[case_codes(facts)]
    left = CASE_LASTING + (1 - CASE_LASTING) * sets.fading
    value = base[sets.stay] + case[sets.stay] * left
    return np.asarray(value + one.acute * sets.acute + one.worse * sets.worse)


def _measured(facts: Facts, rng: np.random.Generator, sets: _Sets) -> dict[str, Array]:
    """Return the measurements, with the oxygen."""
    own = stream(facts.seed, "vitals.patients").standard_normal((len(facts.patients), len(VITALS)))
    found = {}
    for column, (name, one) in enumerate(VITALS.items()):
        slow = _slow(facts, rng, sets, one, own[:, column])
        noise = one.spread[2] * rng.standard_normal(len(slow))
        if name == "spo2":
            copd = facts.patients["copd"].to_numpy()[facts.stays["patient"].to_numpy()]
            target = np.where(copd, TARGET_COPD, TARGET)[sets.stay]
            gap = target - slow
            flow = np.where(gap > 0, np.ceil(gap * 0.9), 0).clip(0, 15)
            found["oxygen"] = flow
            slow = slow + np.minimum(flow * 1.1, gap.clip(0) + 1.5)
        digits = 1 if name == "temperature" else 0
        found[name] = np.round((slow + noise).clip(*one.bounds), digits)
    pressure = 0.45 * found["systolic"] + 17 + 5 * rng.standard_normal(len(sets.stay))
    found["diastolic"] = np.round(np.minimum(pressure, found["systolic"] - 8).clip(20))
    return found


def _consciousness(facts: Facts, rng: np.random.Generator, sets: _Sets) -> Array:
    """Return the position in `LEVELS`."""
    stays = facts.stays
    dementia = by_comorbidity(facts, {"dementia": DROWSY["dementia"]})
    odds = DROWSY["base"] + dementia[stays["patient"].to_numpy()]
    odds = odds + DROWSY["stay"] * rng.standard_normal(len(stays))
    left = CASE_LASTING + (1 - CASE_LASTING) * sets.fading
    value = odds[sets.stay] + by_case(DROWSY_CASES)[case_codes(facts)][sets.stay] * left
    value = value + DROWSY["acute"] * sets.acute + DROWSY["worse"] * sets.worse
    drowsy = rng.random(len(value)) < logistic(value)
    limits = np.cumsum(np.array(DROWSY_SHARES))
    level = np.searchsorted(limits, rng.random(len(value)), side="right").clip(max=3) + 1
    return np.where(drowsy, level, 0)


def _left_out(rng: np.random.Generator, sets: _Sets, share: float) -> Array:
    """Tell which sets lack a measurement, on a ward."""
    odds = np.log(share / (1 - share)) + ATTENTION[0] * sets.acute + ATTENTION[1] * sets.worse
    ward = (sets.place > 0) & ~in_critical_unit(sets.place - 1)
    return np.asarray((rng.random(len(odds)) < logistic(odds)) & ward)


def make_vitals(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `vitals`."""
    rng = stream(seed, "vitals")
    sets = _sets(facts, rng, course(facts))
    found = _measured(facts, rng, sets)
    level = _consciousness(facts, rng, sets)
    nan = np.float32("nan")
    rate = np.where(_left_out(rng, sets, UNCOUNTED), nan, found["respiratory_rate"])
    warmth = np.where(_left_out(rng, sets, UNTAKEN), nan, found["temperature"])
    patient = facts.stays["patient"].to_numpy()
    scale_2 = facts.patients["copd"].to_numpy()[patient][sets.stay]
    score = news2(
        rate, found["spo2"], found["oxygen"] > 0, found["systolic"], found["heart_rate"],
        level == 0, warmth, scale_2,
    )  # fmt: skip
    child = facts.stays["age"].to_numpy() < 16
    pregnant = case_codes(facts) == CASE_OF["delivery"]
    score = np.where((child | pregnant)[sets.stay], nan, score)
    numbers = {**found, "respiratory_rate": rate, "temperature": warmth}
    small = {name: value.astype("float32") for name, value in numbers.items()}
    return pd.DataFrame(
        {
            "vital_id": np.arange(1, len(sets.stay) + 1),
            **keys(facts, sets.stay),
            "unit": category(sets.place, PLACES),
            "measured_at": moments(facts, sets.minute),
            **{name: small[name] for name in ("heart_rate", "systolic", "diastolic")},
            "respiratory_rate": small["respiratory_rate"],
            "spo2": small["spo2"],
            "oxygen": small["oxygen"],
            # one decimal in single precision would read 37.299999
            "temperature": np.round(warmth.astype("float64"), 1),
            "consciousness": category(level, LEVELS),
            "spo2_scale": np.where(scale_2, 2, 1).astype("int8"),
            "news2": score.astype("float32"),
        }
    )


TABLES: Final = (
    Table(
        "vitals",
        "Constantes relevées au lit du patient, et score NEWS2",
        "Observations at the bedside, and the NEWS2 score",
        (
            Column(
                "vital_id",
                "int",
                "number, by stay and time",
                key="primary",
                french="numéro, par séjour et par heure",
            ),
            Column("stay_id", "str", "stay", key="stays.stay_id", french="séjour"),
            Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
            Column(
                "unit",
                "category",
                "URG (emergency department) or a key of cases.UNITS",
                french="URG (urgences) ou une clé de cases.UNITS",
            ),
            Column("measured_at", "datetime", "when", french="date et heure du relevé"),
            Column("heart_rate", "float", "heart rate", "beats/min", french="fréquence cardiaque"),
            Column(
                "systolic",
                "float",
                "systolic blood pressure",
                "mmHg",
                french="pression artérielle systolique",
            ),
            Column(
                "diastolic",
                "float",
                "diastolic blood pressure",
                "mmHg",
                french="pression artérielle diastolique",
            ),
            Column(
                "respiratory_rate",
                "float",
                "respiratory rate; missing uncounted",
                "/min",
                french="fréquence respiratoire ; absente si non comptée",
            ),
            Column(
                "spo2",
                "float",
                "oxygen saturation, with the oxygen given",
                "%",
                french="saturation en oxygène, sous l'oxygène donné",
            ),
            Column(
                "oxygen",
                "float",
                "oxygen given, 0 in room air",
                "L/min",
                french="débit d'oxygène, 0 en air ambiant",
            ),
            Column(
                "temperature",
                "float",
                "temperature; missing if not taken",
                "°C",
                french="température ; absente si non prise",
            ),
            Column(
                "consciousness",
                "category",
                "A alert, C new confusion, V voice, P pain, U unresponsive",
                french="A alerte, C confusion nouvelle, V voix, P douleur, U sans réponse",
            ),
            Column(
                "spo2_scale",
                "int",
                "NEWS2 scale of the saturation: 2 with a COPD, else 1",
                french="échelle NEWS2 de la saturation : 2 en cas de BPCO, sinon 1",
            ),
            Column(
                "news2",
                "float",
                "NEWS2 (RCP 2017); missing under 16 years, at a delivery, or with a value missing",
                "points",
                french="NEWS2 (RCP 2017) ; absent avant 16 ans, à l'accouchement, mesure manquante",
            ),
        ),
        make_vitals,
    ),
)
