"""The table `alerts`: what simple rules raise on the wards, and what becomes of it.

Rules, outside intensive care and the emergency department: `news2`, a NEWS2 of at least
`THRESHOLDS` of the site (RCP 2017: 5 urgent, 7 emergency; assumption by site); `potassium` above
5.5 or under 3.0 mmol/L; `lactate` of 4 mmol/L or more; `kidney`, a creatinine of at least 1.5
times the first one of the stay within seven days (KDIGO 2012). Nothing is muted: a patient
who stays over the threshold raises an alert at every set of observations.

Fatigue: an alert is acknowledged with log-odds `ACKNOWLEDGED`, which fall with the alerts that
the same unit raised in the 24 hours before, and at night (21 h to 7 h); it is acted on with
those of `ACTED_ON`. Acting changes nothing in the stay: outcomes come from `facts.py`, so no
effect of acting can be learned from this table. All coefficients are assumptions.
"""

from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.analytes import ANALYTE_OF, ANALYTES
from health_datasets.virtual_hospital.cases import UNITS
from health_datasets.virtual_hospital.course import (
    DAY,
    NEVER,
    by_site,
    category,
    course,
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

KINDS: Final = ["news2", "potassium", "lactate", "kidney"]
THRESHOLDS: Final = {"S2": 3.0, "S6": 7.0}
USUAL_THRESHOLD: Final = 5.0
POTASSIUM_HIGH, POTASSIUM_LOW, LACTATE, KIDNEY = 5.5, 3.0, 4.0, 1.5
KIDNEY_DAYS: Final = 7
# `excess`: points of NEWS2 over the threshold, 1 for the laboratory
ACKNOWLEDGED: Final = {"base": 1.9, "excess": 0.25, "load": -0.15, "night": -0.4}
ACTED_ON: Final = {"base": -0.6, "excess": 0.3, "worse": 1.2}
# minutes to acknowledge: median, factor by alert of load, spread of the log
MINUTES: Final = (14.0, 0.04, 0.8)
_WIDE: Final = np.int64(2**32)
_known: WeakKeyDictionary[Facts, pd.DataFrame] = WeakKeyDictionary()


@dataclass(frozen=True)
class _Raised:
    """Alerts of some kinds: stay, minute, kind, score, threshold."""

    stay: Array
    minute: Array
    kind: Array
    score: Array
    threshold: Array


def _owner(facts: Facts, frame: pd.DataFrame) -> Array:
    """Return the position of each row's stay."""
    return pd.Index(facts.stays["stay_id"]).get_indexer(frame["stay_id"])


def _of_vitals(facts: Facts) -> _Raised:
    vitals = table(facts, "vitals")[["stay_id", "measured_at", "news2"]]
    least = min(USUAL_THRESHOLD, *THRESHOLDS.values())
    vitals = vitals[vitals["news2"] >= least]
    stay = _owner(facts, vitals)
    limit = by_site(facts, THRESHOLDS, USUAL_THRESHOLD)[facts.stays["site"].to_numpy()[stay]]
    score = vitals["news2"].to_numpy(dtype=float)
    kept = score >= limit
    minute = minutes(facts, vitals["measured_at"])
    zero = np.zeros(int(kept.sum()), dtype="int64")
    return _Raised(stay[kept], minute[kept], zero, score[kept], limit[kept])


def _of_laboratory(facts: Facts) -> _Raised:
    results = table(facts, "laboratory")[["stay_id", "label", "value", "sampled_at", "resulted_at"]]
    names = {key: ANALYTES[ANALYTE_OF[key]].french for key in ("potassium", "lactate")}
    creatinine = ANALYTES[ANALYTE_OF["creatinine"]].french
    parts = []
    potassium = results[results["label"] == names["potassium"]]
    for name, code, rows, limit in (
        ("potassium", 1, potassium["value"] > POTASSIUM_HIGH, POTASSIUM_HIGH),
        ("potassium", 1, potassium["value"] < POTASSIUM_LOW, POTASSIUM_LOW),
        ("lactate", 2, results["value"] >= LACTATE, LACTATE),
    ):
        some = results.loc[rows[rows].index]
        some = some[some["label"] == names[name]]
        parts.append(some.assign(kind=code, threshold=limit, score=some["value"]))
    kidney = results[results["label"] == creatinine].sort_values("sampled_at", kind="stable")
    first = kidney.groupby("stay_id", sort=False)[["value", "sampled_at"]].transform("first")
    kidney = kidney.assign(kind=3, threshold=KIDNEY, score=kidney["value"] / first["value"])
    soon = kidney["sampled_at"] - first["sampled_at"] <= pd.Timedelta(days=KIDNEY_DAYS)
    parts.append(kidney[(kidney["score"] >= KIDNEY) & soon])
    found = pd.concat(parts)
    return _Raised(
        _owner(facts, found),
        minutes(facts, found["resulted_at"]),
        found["kind"].to_numpy(dtype="int64"),
        found["score"].to_numpy(dtype=float),
        found["threshold"].to_numpy(dtype=float),
    )


def _load(place: Array, minute: Array) -> Array:
    """Count the alerts of the same place in the 24 hours before each."""
    # minutes before the start must not fall into the place before
    key = place * _WIDE + minute + 2 * DAY
    order = np.sort(key)
    return np.searchsorted(order, key, side="left") - np.searchsorted(order, key - DAY, "left")


def _drawn(facts: Facts) -> pd.DataFrame:
    """Return the alerts with their truth, by time and stay."""
    rng = stream(facts.seed, "alerts")
    parts, told = (_of_vitals(facts), _of_laboratory(facts)), course(facts)
    names = ("stay", "minute", "kind", "score", "threshold")
    frame = pd.DataFrame({n: np.concatenate([getattr(p, n) for p in parts]) for n in names})
    stay, minute = frame["stay"].to_numpy(), frame["minute"].to_numpy()
    unit = unit_codes(facts, segment_at(facts, stay, minute))
    frame["unit"] = unit
    frame = frame[(unit >= 0) & ~in_critical_unit(unit)]
    frame = frame.sort_values(["minute", "stay", "kind"], ignore_index=True)
    stay, minute = frame["stay"].to_numpy(), frame["minute"].to_numpy()
    site = facts.stays["site"].to_numpy()[stay].astype("int64")
    load = _load(site * len(UNITS) + frame["unit"].to_numpy(), minute)
    excess = np.where(frame["kind"] == 0, frame["score"] - frame["threshold"], 1.0)
    night = (minute % DAY < 7 * 60) | (minute % DAY >= 21 * 60)
    odds = ACKNOWLEDGED["base"] + ACKNOWLEDGED["excess"] * excess
    odds = odds + ACKNOWLEDGED["load"] * load + ACKNOWLEDGED["night"] * night
    seen = rng.random(len(frame)) < logistic(odds)
    median, slower, spread = MINUTES
    delay = median * (1 + slower * load) * np.exp(spread * rng.standard_normal(len(frame)))
    at = minute + delay.clip(1, 12 * 60).astype("int64")
    seen &= at <= told.leave[stay]
    frame["acknowledged"] = np.where(seen, at, NEVER)
    odds = ACTED_ON["base"] + ACTED_ON["excess"] * excess
    odds = odds + ACTED_ON["worse"] * told.worse(stay, minute)
    frame["acted_on"] = seen & (rng.random(len(frame)) < logistic(odds))
    worse = told.deteriorates[stay]
    frame["deterioration_24h"] = (worse > minute) & (worse <= minute + DAY)
    frame["already_worse"] = (worse != NEVER) & (worse <= minute)
    frame["load"] = load
    return frame


def _all(facts: Facts) -> pd.DataFrame:
    if facts not in _known:
        _known[facts] = _drawn(facts)
    return _known[facts]


def true_alerts(facts: Facts) -> pd.DataFrame:
    """Return what is true of each alert, in the order of the table.

    Returns:
        `alert_id`, `deterioration_24h` (a deterioration begins in the 24 hours after),
        `already_worse` (one had begun), `load` (alerts of the unit in the 24 hours before).
    """
    frame = _all(facts)[["deterioration_24h", "already_worse", "load"]].reset_index(drop=True)
    frame.insert(0, "alert_id", np.arange(1, len(frame) + 1))
    return frame


def make_alerts(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `alerts`."""
    frame = _all(facts)
    stay = frame["stay"].to_numpy()
    return pd.DataFrame(
        {
            "alert_id": np.arange(1, len(frame) + 1),
            **keys(facts, stay),
            "unit": category(frame["unit"].to_numpy(), list(UNITS)),
            "raised_at": moments(facts, frame["minute"].to_numpy()),
            "kind": category(frame["kind"].to_numpy(), KINDS),
            "score": frame["score"].to_numpy().astype("float64").round(2),
            "threshold": frame["threshold"].to_numpy().astype("float64"),
            "acknowledged_at": moments(facts, frame["acknowledged"].to_numpy()),
            "acted_on": frame["acted_on"].to_numpy(),
        }
    )


TABLES: Final = (
    Table(
        "alerts",
        "Alertes levées dans les services",
        "Alerts raised on the wards",
        (
            Column("alert_id", "int", "number, by time", key="primary", french="numéro, par heure"),
            Column("stay_id", "str", "stay", key="stays.stay_id", french="séjour"),
            Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
            Column(
                "unit",
                "category",
                "medical unit, a key of cases.UNITS",
                french="unité médicale, une clé de cases.UNITS",
            ),
            Column("raised_at", "datetime", "when", french="date et heure de l'alerte"),
            Column(
                "kind",
                "category",
                "news2, potassium, lactate, kidney (creatinine)",
                french="news2, potassium, lactate, kidney (créatinine)",
            ),
            Column(
                "score",
                "float",
                "points; mmol/L; ratio to the first creatinine",
                french="points ; mmol/L ; rapport à la première créatinine",
            ),
            Column(
                "threshold",
                "float",
                "what the score is compared with",
                french="seuil auquel le score est comparé",
            ),
            Column(
                "acknowledged_at",
                "datetime",
                "acknowledgement; missing if there is none",
                french="acquittement ; absent s'il n'y en a pas",
            ),
            Column(
                "acted_on",
                "bool",
                "whether somebody acted; changes nothing in the stay",
                french="si quelqu'un a agi ; ne change rien au séjour",
            ),
        ),
        make_alerts,
    ),
)
