"""The table `laboratory`: who is sampled when, what is asked, what comes back.

Ordering is a clinical act, so that a missing value informs: a draw takes place with the
probabilities of `DRAWS`, a panel is asked at a draw with those of `PANELS`. Both grow with the
severity, and with a deterioration before anybody names it.

Delays: from sampling to reception the median and spread are those of the inpatients of
`covid_testing` (36 minutes, sd of the log 0.75; emergency department 30 minutes, 0.81); from
reception to result the spread is theirs too (0.36), the medians by panel are assumptions, for
theirs are of a PCR. A result that would come after the exit is not in the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.analytes import ANALYTE_OF, ANALYTES, Analyte
from health_datasets.virtual_hospital.course import (
    CASE_LASTING,
    DAY,
    NEVER,
    Course,
    by_case,
    by_comorbidity,
    by_site,
    case_codes,
    category,
    course,
    decades,
    in_critical_unit,
    keys,
    minutes,
    moments,
    segment_at,
    unit_codes,
)
from health_datasets.virtual_hospital.equations import Array, logistic
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import Column, Table, table

KINDS: Final = ("initial", "morning", "evening", "alarm")
# log-odds of a draw, and how they grow: `initial` once a stay, `morning` each day at about
# 6 h 30, `evening` in intensive care, `alarm` within the hour after a deterioration
DRAWS: Final[dict[str, dict[str, float]]] = {
    "initial": {"base": 3.5, "child": -1.6},
    "morning": {"base": -1.1, "acute": 0.5, "worse": 2.2, "critical": 2.5, "early": 1.2},
    "evening": {"base": 1.2, "acute": 0.2},
    "alarm": {"base": 2.2},
}
# cases in which nothing, or little, is sampled on entry (shift of the log-odds)
SPARING: Final = {
    **{"cataract": -9.0, "colonoscopy": -6.5, "newborn": -9.0, "bronchiolitis": -2.5},
    **{"asthma": -2.0, "seizure": -0.5},
}
# mornings of these cases (shift of the log-odds)
MORNING_CASES: Final = {
    **{"newborn": -9.0, "delivery": -1.5, "bronchiolitis": -2.0, "asthma": -1.0},
    **{"aki": 1.5, "sepsis": 1.0, "gi_bleed": 1.0, "diabetes": 0.7, "fall": -0.6},
}
# how much a site samples (shift of the log-odds of a morning), how long it takes (factor)
PRACTICE: Final = {"S2": -0.2, "S4": -0.3, "S5": 0.4, "S6": -0.6}
TURNAROUND: Final = {"S2": 1.2, "S4": 0.9, "S5": 0.85, "S6": 1.7}
TRANSPORT, TRANSPORT_SPREAD = 36.0, 0.75
TRANSPORT_EMERGENCY, TRANSPORT_EMERGENCY_SPREAD = 30.0, 0.81
ANALYSIS_SPREAD: Final = 0.36


@dataclass(frozen=True)
class Panel:
    """What is ordered together: log-odds at each kind of draw, and how they grow.

    Attributes:
        base: at an initial, morning, evening and alarm draw.
        cases, comorbidity: shifts.
        acute, worse: by unit of `Course.acute` and `Course.worse`.
        minutes: median from reception to result.
    """

    base: tuple[float, float, float, float]
    cases: Mapping[str, float] = field(default_factory=dict)
    comorbidity: Mapping[str, float] = field(default_factory=dict)
    acute: float = 0.0
    worse: float = 0.0
    minutes: float = 50.0


PANELS: Final[dict[str, Panel]] = {
    "chemistry": Panel((3.5, 2.5, 2.5, 3.5)),
    "count": Panel((3.2, 0.9, 0.6, 3.0), {"gi_bleed": 2.0, "chemotherapy": 2.0}, minutes=25),
    "crp": Panel(
        (0.8, 0.1, -1.5, 2.0),
        {"pneumonia": 2, "sepsis": 2, "pyelonephritis": 2, "cellulitis": 2, "appendicitis": 2,
         "cholecystitis": 2, "colorectal_surgery": 1.5, "myocardial_infarction": -1.5,
         "intoxication": -1.5, "chemotherapy": -2.5, "delivery": -1},
        acute=0.3,
    ),
    "glucose": Panel(
        (1.5, -1.0, 0.5, 1.5), {"diabetes": 2.5, "chemotherapy": -2}, {"diabetes": 1.2}
    ),
    "hepatic": Panel(
        (0.8, -1.6, -1.0, 1.0),
        {"cholecystitis": 2.5, "intoxication": 2, "chemotherapy": 2, "heart_failure": 0.5},
    ),
    "albumin": Panel(
        (-1.2, -2.4, -2.4, -1.0), {"fall": 1.2, "colorectal_surgery": 1.5, "hip_fracture": 1}
    ),
    "coagulation": Panel(
        (0.2, -2.2, -1.5, 0.8),
        {"hip_fracture": 2, "knee_replacement": 2, "colorectal_surgery": 2, "appendicitis": 2,
         "cholecystitis": 2, "gi_bleed": 2.5, "stroke": 2, "chemotherapy": -2.5},
        {"atrial_fibrillation": 1.2}, minutes=40,
    ),
    "troponin": Panel(
        (-2.4, -4.5, -3.5, -0.2),
        {"myocardial_infarction": 6, "pulmonary_embolism": 2.5, "heart_failure": 2.5,
         "atrial_fibrillation": 2.2, "stroke": 1.5, "fall": 0.8},
        acute=0.25, minutes=45,
    ),
    "nt_probnp": Panel(
        (-3.0, -5.2, -5.2, -1.5),
        {"heart_failure": 5.2, "atrial_fibrillation": 2.2, "pulmonary_embolism": 2,
         "copd": 1.8, "pneumonia": 1.2},
    ),
    "procalcitonin": Panel(
        (-3.2, -4.6, -4.2, -0.5), {"sepsis": 4.2, "pneumonia": 2.2, "pyelonephritis": 2},
        acute=0.5, worse=0.5, minutes=70,
    ),
    "lactate": Panel(
        (-2.6, -5.0, -1.2, 1.5),
        {"sepsis": 4.2, "gi_bleed": 2, "seizure": 2, "diabetes": 2, "intoxication": 1},
        acute=0.7, worse=1.0, minutes=20,
    ),
    "d_dimer": Panel(
        (-3.2, -8.0, -8.0, -2.0), {"pulmonary_embolism": 4.5, "pneumonia": 0.8, "copd": 0.8}
    ),
    "hba1c": Panel(
        (-4.0, -5.5, -9.0, -9.0),
        {"diabetes": 3, "myocardial_infarction": 1.5, "stroke": 1.5}, {"diabetes": 2.5},
        minutes=240,
    ),
    "tsh": Panel(
        (-4.0, -5.2, -9.0, -9.0), {"atrial_fibrillation": 4, "fall": 2}, {"dementia": 0.5},
        minutes=180,
    ),
    "gas": Panel(
        (-3.0, -5.5, 0.3, 1.2),
        {"copd": 5, "pulmonary_embolism": 3, "diabetes": 2.5, "asthma": 2.2, "heart_failure": 2,
         "pneumonia": 2, "sepsis": 2, "bronchiolitis": 1},
        acute=0.6, worse=1.0, minutes=8,
    ),
}  # fmt: skip
PANEL_KEYS: Final = tuple(PANELS)
_between: WeakKeyDictionary[Facts, Array] = WeakKeyDictionary()


def patient_effects(facts: Facts) -> Array:
    """Return what a patient's values have of their own: standard deviates (patients, analytes).

    They last from one stay to the next.
    """
    if facts not in _between:
        rng = stream(facts.seed, "laboratory.patients")
        size = (len(facts.patients), len(ANALYTES))
        _between[facts] = rng.standard_normal(size).astype("float32")
    return _between[facts]


def _banded(bands: Array, age: Array, male: Array) -> Array:
    """Return the value of each person's band; `bands` holds rows of limit, women, men."""
    row = np.searchsorted(bands[:, 0], age, side="right").clip(max=len(bands) - 1)
    return bands[row, np.where(male, 2, 1)]


def usual_values(facts: Facts, analyte: Analyte, case: bool = False) -> Array:
    """Return the value of each stay's patient without noise, on the scale of the equation.

    Args:
        facts: the truth.
        analyte: what.
        case: whether to add the whole effect of the case and of the severity, as at entry.
    """
    stays, patients = facts.stays, facts.patients
    patient, age = stays["patient"].to_numpy(), stays["age"].to_numpy()
    male = (patients["sex"] == "M").to_numpy()[patient]
    value = _banded(np.array(analyte.base), age, male)
    value = np.log(value) if analyte.log else value
    value = value + analyte.decade * decades(age)
    own = by_comorbidity(facts, dict(analyte.comorbidity))
    effects = patient_effects(facts)[:, ANALYTE_OF[analyte.key]]
    value = value + (own + analyte.between * effects)[patient]
    if case:
        value = value + by_case(dict(analyte.cases))[case_codes(facts)]
        value = value + analyte.acute * stays["severity"].to_numpy()
    return np.asarray(value)


@dataclass(frozen=True)
class _Draws:
    """Blood draws, ordered by stay and time: kind, minutes ordered and sampled, unit code."""

    stay: Array
    kind: Array
    ordered: Array
    sampled: Array
    unit: Array
    acute: Array
    worse: Array
    fading: Array


def _lognormal(rng: np.random.Generator, median: Array | float, spread: float, n: int) -> Array:
    return np.asarray(median * np.exp(spread * rng.standard_normal(n)))


def _initial(facts: Facts, rng: np.random.Generator, told: Course) -> tuple[Array, ...]:
    """Return stay, ordered, sampled of the draws on entry."""
    stays = facts.stays
    n = len(stays)
    odds = DRAWS["initial"]["base"] + by_case(SPARING)[case_codes(facts)]
    odds = odds + DRAWS["initial"]["child"] * (stays["age"].to_numpy() < 15)
    stay = np.flatnonzero(rng.random(n) < logistic(odds))
    contact = _first_contact(facts)[stay]
    span = told.leave[stay] - told.entry[stay]
    planned = told.entry[stay] + rng.uniform(0.02, 0.2, len(stay)) * np.minimum(span, DAY)
    ordered = np.where(contact == NEVER, planned, contact + rng.uniform(2, 30, len(stay)))
    sampled = ordered + _lognormal(rng, 14.0, 0.6, len(stay)).clip(2, 120)
    return stay, ordered.astype("int64"), sampled.astype("int64")


def _first_contact(facts: Facts) -> Array:
    """Return the minute of the first contact with a physician of the emergency department."""
    visits = table(facts, "emergency_visits")
    visits = visits[visits["stay_id"].notna()]
    row = pd.Index(facts.stays["stay_id"]).get_indexer(visits["stay_id"])
    found = np.full(len(facts.stays), NEVER)
    found[row] = minutes(facts, visits["first_contact_at"])
    return found


def _daily(told: Course, hour: float) -> tuple[Array, Array]:
    """Return stay and minute of that hour, each day of each stay after the day of entry."""
    first = told.entry // DAY + 1
    days = (told.leave // DAY - first + 1).clip(0)
    stay = np.repeat(np.arange(len(days)), days)
    rank = np.arange(len(stay)) - np.repeat(np.cumsum(days) - days, days)
    return stay, (first[stay] + rank) * DAY + int(hour * 60)


def _mornings(facts: Facts, rng: np.random.Generator, told: Course) -> tuple[Array, ...]:
    stay, minute = _daily(told, 6.5)
    sampled = minute + rng.integers(-40, 60, len(stay))
    unit = unit_codes(facts, segment_at(facts, stay, sampled))
    rate = DRAWS["morning"]
    odds = rate["base"] + by_case(MORNING_CASES)[case_codes(facts)][stay]
    odds = odds + by_site(facts, PRACTICE, 0.0)[facts.stays["site"].to_numpy()][stay]
    odds = odds + rate["acute"] * told.acute(stay, sampled)
    odds = odds + rate["worse"] * told.worse(stay, sampled)
    odds = odds + rate["critical"] * in_critical_unit(unit)
    odds = odds + rate["early"] * (sampled - told.entry[stay] < 2 * DAY)
    kept = (rng.random(len(stay)) < logistic(odds)) & (sampled > told.entry[stay] + 180)
    stay, sampled = stay[kept], sampled[kept]
    # asked for by the day's rounds, for the next morning
    ordered = np.maximum(sampled - rng.integers(10 * 60, 20 * 60, len(stay)), told.begin[stay])
    return stay, ordered, sampled


def _evenings(facts: Facts, rng: np.random.Generator, told: Course) -> tuple[Array, ...]:
    stay, minute = _daily(told, 18.0)
    sampled = minute + rng.integers(-60, 90, len(stay))
    critical = in_critical_unit(unit_codes(facts, segment_at(facts, stay, sampled)))
    odds = DRAWS["evening"]["base"] + DRAWS["evening"]["acute"] * told.acute(stay, sampled)
    kept = (rng.random(len(stay)) < logistic(odds)) & critical
    kept &= sampled > told.entry[stay] + 180
    stay, sampled = stay[kept], sampled[kept]
    ordered = np.maximum(sampled - rng.integers(20, 240, len(stay)), told.begin[stay])
    return stay, ordered, sampled


def _alarms(rng: np.random.Generator, told: Course) -> tuple[Array, ...]:
    stay = np.flatnonzero(told.deteriorates != NEVER)
    stay = stay[rng.random(len(stay)) < logistic(np.array(DRAWS["alarm"]["base"]))]
    ordered = told.deteriorates[stay] + rng.integers(3, 30, len(stay))
    return stay, ordered, ordered + rng.integers(2, 15, len(stay))


def _draws(facts: Facts, rng: np.random.Generator) -> _Draws:
    told = course(facts)
    parts = (
        _initial(facts, rng, told),
        _mornings(facts, rng, told),
        _evenings(facts, rng, told),
        _alarms(rng, told),
    )
    stay, ordered, sampled = (np.concatenate([part[i] for part in parts]) for i in range(3))
    kind = np.repeat(np.arange(4), [len(part[0]) for part in parts])
    kept = sampled < told.leave[stay]
    order = np.flatnonzero(kept)
    order = order[np.lexsort((kind[order], sampled[order], stay[order]))]
    stay, sampled = stay[order], sampled[order]
    return _Draws(
        stay=stay,
        kind=kind[order],
        ordered=ordered[order],
        sampled=sampled,
        unit=unit_codes(facts, segment_at(facts, stay, sampled)),
        acute=told.acute(stay, sampled),
        worse=told.worse(stay, sampled),
        fading=told.fading(stay, sampled),
    )


def _asked(facts: Facts, rng: np.random.Generator, draws: _Draws) -> Array:
    """Return which panel is asked at which draw (draws, panels)."""
    case = case_codes(facts)[draws.stay]
    patient = facts.stays["patient"].to_numpy()[draws.stay]
    asked = np.zeros((len(draws.stay), len(PANELS)), dtype=bool)
    for column, panel in enumerate(PANELS.values()):
        odds = np.array(panel.base)[draws.kind] + by_case(dict(panel.cases))[case]
        if panel.comorbidity:
            odds = odds + by_comorbidity(facts, dict(panel.comorbidity))[patient]
        odds = odds + panel.acute * draws.acute + panel.worse * draws.worse
        asked[:, column] = rng.random(len(odds)) < logistic(odds)
    return asked


def _results(facts: Facts, rng: np.random.Generator, draws: _Draws, asked: Array) -> Array:
    """Return the minute of the result of each panel (draws, panels)."""
    n = len(draws.stay)
    urgent = (draws.unit < 0) | in_critical_unit(draws.unit)
    site = facts.stays["site"].to_numpy()[draws.stay]
    slow = by_site(facts, TURNAROUND, 1.0)[site]
    noise = rng.standard_normal(n)
    ward = TRANSPORT * np.exp(TRANSPORT_SPREAD * noise)
    emergency = TRANSPORT_EMERGENCY * np.exp(TRANSPORT_EMERGENCY_SPREAD * noise)
    received = draws.sampled + (np.where(urgent, emergency, ward) * slow).clip(3, 720)
    median = np.array([panel.minutes for panel in PANELS.values()])
    spread = np.exp(ANALYSIS_SPREAD * rng.standard_normal((n, len(PANELS))))
    return np.asarray((received[:, None] + median * spread * slow[:, None] + 1).astype("int64"))


def _values(facts: Facts, rng: np.random.Generator, draws: _Draws, asked: Array) -> Array:
    """Return the value of each analyte in SI (draws, analytes), NaN where it is not asked."""
    values = np.full((len(draws.stay), len(ANALYTES)), np.nan)
    case = case_codes(facts)
    for column, analyte in enumerate(ANALYTES):
        row = np.flatnonzero(asked[:, PANEL_KEYS.index(analyte.panel)])
        stay = draws.stay[row]
        left = CASE_LASTING + (1 - CASE_LASTING) * draws.fading[row]
        value = usual_values(facts, analyte)[stay]
        value = value + by_case(dict(analyte.cases))[case][stay] * left
        value = value + analyte.acute * draws.acute[row] + analyte.worse * draws.worse[row]
        value = value + analyte.within * rng.standard_normal(len(row))
        value = np.exp(value) if analyte.log else value
        values[row, column] = value.clip(*analyte.bounds)
    return values


def _intervals(facts: Facts) -> tuple[Array, Array]:
    """Return the reference intervals in SI, low and high (stays, analytes)."""
    age = facts.stays["age"].to_numpy()
    male = (facts.patients["sex"] == "M").to_numpy()[facts.stays["patient"].to_numpy()]
    low, high = (np.zeros((len(age), len(ANALYTES))) for _ in range(2))
    for column, analyte in enumerate(ANALYTES):
        for side, target in enumerate((low, high)):
            bands = np.array([(a, f[side], m[side]) for a, f, m in analyte.interval])
            target[:, column] = _banded(bands, age, male)
    dimer = ANALYTE_OF["d_dimer"]
    high[:, dimer] = np.where(age >= 50, age * 10.0, high[:, dimer])
    return low, high


@dataclass(frozen=True)
class _Units:
    """What each analyte is reported as (SI, conventional): arrays of two rows."""

    factor: Array
    decimals: Array
    unit: Array
    loinc: Array
    units: list[str]
    codes: list[str]


def _units() -> _Units:
    pairs = []
    for one in ANALYTES:
        other = one.conventional
        usual = (1.0, one.decimals, one.unit, one.loinc)
        pairs.append(
            (usual, (other.factor, other.decimals, other.unit, other.loinc) if other else usual)
        )
    units = list(dict.fromkeys(one[2] for pair in pairs for one in pair))
    codes = list(dict.fromkeys(one[3] for pair in pairs for one in pair))
    rows = [[pair[side] for pair in pairs] for side in (0, 1)]
    return _Units(
        factor=np.array([[one[0] for one in row] for row in rows]),
        decimals=np.array([[one[1] for one in row] for row in rows]),
        unit=np.array([[units.index(one[2]) for one in row] for row in rows]),
        loinc=np.array([[codes.index(one[3]) for one in row] for row in rows]),
        units=units,
        codes=codes,
    )


def _rounded(value: Array, decimals: Array) -> Array:
    scale = 10.0**decimals
    return np.asarray(np.round(value * scale) / scale)


def make_laboratory(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `laboratory`."""
    rng = stream(seed, "laboratory")
    draws = _draws(facts, rng)
    asked = _asked(facts, rng, draws)
    ready = _results(facts, rng, draws, asked)
    asked &= ready <= minutes(facts, facts.stays["exit_at"])[draws.stay][:, None]
    values = _values(facts, rng, draws, asked)
    panel = np.array([PANEL_KEYS.index(one.panel) for one in ANALYTES])
    row, column = np.nonzero(asked[:, panel])
    low, high = _intervals(facts)
    stay, how = draws.stay[row], _units()
    habit = np.array([site.laboratory_units == "conventional" for site in facts.parameters])
    other = habit[facts.stays["site"].to_numpy()[stay]].astype("int64")
    factor, decimals = how.factor[other, column], how.decimals[other, column]
    value = _rounded(values[row, column] * factor, decimals)
    least = _rounded(low[stay, column] * factor, decimals)
    most = _rounded(high[stay, column] * factor, decimals)
    names = [one.french for one in ANALYTES]
    specimens = list(dict.fromkeys(one.specimen for one in ANALYTES))
    specimen = np.array([specimens.index(one.specimen) for one in ANALYTES])
    return pd.DataFrame(
        {
            "result_id": np.arange(1, len(row) + 1),
            "order_id": row + 1,
            **keys(facts, stay),
            "loinc": category(how.loinc[other, column], how.codes),
            "label": category(column, names),
            "specimen": category(specimen[column], specimens),
            "value": value,
            "unit": category(how.unit[other, column], how.units),
            "low": least,
            "high": most,
            "flag": category(np.where(value < least, 1, np.where(value > most, 2, 0)), FLAGS),
            "ordered_at": moments(facts, draws.ordered[row]),
            "sampled_at": moments(facts, draws.sampled[row]),
            "resulted_at": moments(facts, ready[row, panel[column]]),
        }
    )


FLAGS: Final = ["N", "L", "H"]
TABLES: Final = (
    Table(
        "laboratory",
        "Résultats de laboratoire",
        "Laboratory results",
        (
            Column(
                "result_id",
                "int",
                "number, by stay, sampling and analyte",
                key="primary",
                french="numéro, par séjour, prélèvement et analyte",
            ),
            Column(
                "order_id",
                "int",
                "the draw: what was sampled together",
                french="le prélèvement : ce qui a été prélevé ensemble",
            ),
            Column("stay_id", "str", "stay", key="stays.stay_id", french="séjour"),
            Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
            Column(
                "loinc",
                "category",
                "LOINC code; depends on the unit of the site",
                french="code LOINC ; dépend de l'unité du site",
            ),
            Column(
                "label",
                "category",
                "French name of the analyte",
                french="nom français de l'analyte",
            ),
            Column("specimen", "category", "specimen, in French", french="nature du prélèvement"),
            Column(
                "value",
                "float",
                "result, in `unit`",
                "unit",
                french="résultat, dans l'unité de `unit`",
            ),
            Column(
                "unit",
                "category",
                "unit: SI, or conventional at some sites",
                french="unité : SI, ou conventionnelle dans certains sites",
            ),
            Column(
                "low",
                "float",
                "reference interval, lower limit",
                "unit",
                french="intervalle de référence, borne basse",
            ),
            Column(
                "high",
                "float",
                "reference interval, upper limit, by sex and age",
                "unit",
                french="intervalle de référence, borne haute, selon le sexe et l'âge",
            ),
            Column(
                "flag",
                "category",
                "N normal, L below, H above the reference interval",
                french="N normal, L sous l'intervalle de référence, H au-dessus",
            ),
            Column(
                "ordered_at",
                "datetime",
                "prescription, not before the arrival",
                french="prescription, pas avant l'arrivée",
            ),
            Column(
                "sampled_at",
                "datetime",
                "sampling, before the exit",
                french="prélèvement, avant la sortie",
            ),
            Column(
                "resulted_at",
                "datetime",
                "result; one after the exit is not in the table",
                french="résultat ; celui qui viendrait après la sortie n'est pas dans la table",
            ),
        ),
        make_laboratory,
    ),
)
