"""The equations of the hospital, and every coefficient by its name.

Unless a line says otherwise the coefficients are assumptions, of the order that the clinical
literature gives; what matters here is that they are known. A probability is
`1 / (1 + exp(-(base + sum of coefficient * feature)))`, a length `exp(log of the case's median
+ sum of coefficient * feature + noise)`.

Features of a stay (`features`): `severity` (latent, about standard normal), `frailty` (the
patient's, less 0.1), `age_75` (75 years or more at entry), `comorbidities` (how many),
`cancer`, `deteriorates`, `dies`, `prior_stays` (stays with a night that ended before, since
the start, at most 4), `chronic_case` (heart failure, COPD, sepsis), and `site` and `drift`,
shifts given by `sites.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# log-odds at 60 years, slope by decade, shift for a man; nobody under 15 has one
COMORBIDITY_ODDS: Final[Mapping[str, tuple[float, float, float]]] = {
    "hypertension": (-0.6, 0.60, 0.10),
    "diabetes": (-1.7, 0.35, 0.35),
    "heart_failure": (-3.6, 0.85, 0.20),
    "copd": (-2.9, 0.35, 0.50),
    "ckd": (-3.0, 0.75, 0.20),
    "cancer": (-2.7, 0.45, 0.20),
    "atrial_fibrillation": (-3.2, 0.85, 0.30),
    "dementia": (-5.6, 1.50, -0.20),
}
# log-odds of the frailty (0 to 1): intercept at 60 years, by decade, by comorbidity, noise
FRAILTY: Final[Mapping[str, float]] = {
    "intercept": -2.4,
    "decade": 0.45,
    "comorbidity": 0.35,
    "noise": 0.6,
}
# latent severity of a stay: mean, by unit of frailty less 0.1, noise; site and drift add theirs
SEVERITY: Final[Mapping[str, float]] = {"intercept": 0.0, "frailty": 1.0, "noise": 1.0}
# log of the number of emergency stays a year outside readmissions
EMERGENCY_RATE: Final[Mapping[str, float]] = {
    "intercept": -1.75,
    "infant": 0.5,
    "frailty": 2.2,
    "comorbidities": 0.16,
}
# planned stays a year, by age band: with nights, without
ELECTIVE_RATE: Final = (0.0, 0.0, 0.012, 0.045, 0.09, 0.045)
DAY_RATE: Final = (0.0, 0.0, 0.12, 0.31, 0.46, 0.25)
# share of the patients with a cancer who have a course of chemotherapy in two years, sessions
CHEMOTHERAPY_SHARE: Final = 0.3
CHEMOTHERAPY_SESSIONS: Final = 9.0
# share of the patients under two who are born in the hospital during the period
NEWBORN_SHARE: Final = 0.65
# yearly log-hazard of death outside the month after a stay: at 60 years, by decade, by frailty
BACKGROUND_DEATH: Final[Mapping[str, float]] = {
    "intercept": -5.2,
    "decade": 0.75,
    "frailty": 2.0,
}


@dataclass(frozen=True)
class Equation:
    """A linear predictor: an intercept and named coefficients."""

    intercept: float
    coefficients: Mapping[str, float]

    def linear(self, features: Mapping[str, Array], base: Array | float = 0.0) -> Array:
        """Return the predictor; `base` is what the case adds (a log or log-odds)."""
        total = np.asarray(base, dtype=float) + self.intercept
        for name, value in self.coefficients.items():
            total = total + value * features[name]
        return total

    def probability(self, features: Mapping[str, Array], base: Array | float = 0.0) -> Array:
        """Return the predictor as a probability."""
        return logistic(self.linear(features, base))


def logistic(value: Array) -> Array:
    """Return `1 / (1 + exp(-value))`."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(value, dtype=float))))


def log_odds(probability: Array) -> Array:
    """Return `log(p / (1 - p))`; minus infinity for 0."""
    value = np.asarray(probability, dtype=float)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(value) - np.log1p(-value))


# base: log-odds of `Case.deterioration`
DETERIORATION: Final = Equation(
    0.0,
    {"severity": 0.8, "frailty": 1.0, "comorbidities": 0.08, "site_deterioration": 1.0},
)
# base: log-odds of `Case.death`
DEATH: Final = Equation(
    0.0,
    {
        **{"severity": 0.7, "deteriorates": 1.7, "frailty": 1.6, "age_75": 0.4},
        **{"cancer": 0.4, "comorbidities": 0.06, "site_death": 1.0},
    },
)
# within 30 days of an exit alive from an eligible stay, by the emergency department
READMISSION: Final = Equation(
    -2.9,
    {
        **{"frailty": 1.4, "comorbidities": 0.2, "prior_stays": 0.3, "chronic_case": 0.4},
        **{"cancer": 0.3, "site_readmission": 1.0},
    },
)
# death outside the hospital within 30 days of such an exit, without readmission
DEATH_AFTER: Final = Equation(
    -6.0,
    {"frailty": 3.5, "age_75": 0.6, "cancer": 1.0, "site_death": 1.0},
)
# base: log of `Case.days`. `age_75` from COUNT azpro (mean 9.59 against 8.56 days), `dies` from
# COUNT medpar (median 7 against 9 days)
# The intercept is set so that the mean number of nights holds its target.
DAYS: Final = Equation(
    -0.1,
    {
        **{"severity": 0.22, "age_75": float(np.log(9.59 / 8.56)), "comorbidities": 0.05},
        **{"deteriorates": 0.35, "dies": float(np.log(7 / 9)), "log_days_factor": 1.0},
    },
)
CHRONIC_CASES: Final = ("heart_failure", "copd", "sepsis")
# share of the readmissions that come back for the same case
SAME_CASE: Final = 0.45
