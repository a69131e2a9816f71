"""The sites of the hospital group, and what a drift changes: their parameters, all assumptions.

They are chosen so that sites differ in what external validation, federated learning and
monitoring look for: case mix, age, comorbidity, practice, units of the laboratory, coding
habits and prevalence of the outcomes. The first site is the reference: nothing is shifted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Site:
    """One site.

    Attributes:
        site_id: its identifier in the tables, `S1` to `S6`.
        french, english: its name (invented).
        share: its share of the patients, for the sites in use.
        ages: shares of the age bands of `cases.AGE_BANDS`.
        comorbidity: shift of the log-odds of every comorbidity.
        severity: shift of the latent severity.
        days_factor: factor on the length of stay (practice).
        deterioration, death, readmission: shifts of the log-odds of the outcomes that patients
            do not explain.
        case_factors: factors on the weight of some cases.
        das_coding: share of the true associated diagnoses that are coded.
        emergency_delay: factor on the delays of the emergency department.
        laboratory_units: `SI` (mmol/L, µmol/L, g/L) or `conventional` (g/L of glucose, mg/L of
            creatinine, g/dL of haemoglobin), for the laboratory tables.
    """

    site_id: str
    french: str
    english: str
    share: float
    ages: tuple[float, float, float, float, float, float]
    comorbidity: float = 0.0
    severity: float = 0.0
    days_factor: float = 1.0
    deterioration: float = 0.0
    death: float = 0.0
    readmission: float = 0.0
    case_factors: Mapping[str, float] = field(default_factory=dict)
    das_coding: float = 0.85
    emergency_delay: float = 1.0
    laboratory_units: str = "SI"


SITES: Final[tuple[Site, ...]] = (
    Site(
        "S1", "Hôpital général de la Plaine", "Plain General Hospital", 0.26,
        (0.04, 0.11, 0.31, 0.24, 0.19, 0.11),
    ),
    Site(
        "S2", "Centre hospitalier des Deux-Rives", "Two Banks Hospital", 0.2,
        (0.03, 0.07, 0.22, 0.24, 0.26, 0.18), comorbidity=0.25, severity=0.1,
        days_factor=1.12, das_coding=0.7, emergency_delay=1.15,
        case_factors={"stroke": 0.7, "fall": 1.5, "hip_fracture": 1.3},
    ),
    Site(
        "S3", "Hôpital de la Mère et de l'Enfant", "Mother and Child Hospital", 0.16,
        (0.13, 0.27, 0.38, 0.13, 0.06, 0.03), comorbidity=-0.15, days_factor=0.95,
        das_coding=0.9, case_factors={"bronchiolitis": 1.4, "asthma": 1.3},
    ),
    Site(
        "S4", "Clinique du Parc aux Tilleuls", "Linden Park Clinic", 0.14,
        (0.01, 0.05, 0.27, 0.33, 0.25, 0.09), comorbidity=-0.1, severity=-0.25,
        days_factor=0.85, death=-0.15, readmission=-0.2, das_coding=0.95,
        emergency_delay=0.8, laboratory_units="conventional",
        case_factors={"sepsis": 0.5, "cholecystitis": 1.6, "appendicitis": 1.5},
    ),
    Site(
        "S5", "CHU des Trois-Vallées", "Three Valleys University Hospital", 0.16,
        (0.04, 0.09, 0.27, 0.27, 0.22, 0.11), comorbidity=0.15, severity=0.35,
        deterioration=0.2, das_coding=0.93, emergency_delay=1.3,
        case_factors={"stroke": 1.6, "myocardial_infarction": 1.5, "sepsis": 1.4},
    ),
    Site(
        "S6", "Hôpital local du Haut-Pays", "High Country Local Hospital", 0.08,
        (0.02, 0.06, 0.17, 0.22, 0.28, 0.25), comorbidity=0.3, days_factor=1.25,
        deterioration=-0.1, death=0.25, readmission=0.3, das_coding=0.55,
        emergency_delay=0.7, laboratory_units="conventional",
        case_factors={"myocardial_infarction": 0.4, "stroke": 0.5, "fall": 1.6},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Drift:
    """What changes for stays that begin at a date or later, at every site.

    Attributes:
        severity: added to the latent severity.
        case_factors: factors on the weight of some cases.
        elective: share of the planned stays (with and without night) that are kept.
        das_coding: factor on the share of associated diagnoses coded (at most 1 in all).
        days_factor: factor on the length of stay.
    """

    severity: float = 0.3
    case_factors: Mapping[str, float] = field(
        default_factory=lambda: {"pneumonia": 1.7, "copd": 1.3, "gastroenteritis": 0.6}
    )
    elective: float = 0.8
    das_coding: float = 0.7
    days_factor: float = 0.92


DRIFT: Final = Drift()
