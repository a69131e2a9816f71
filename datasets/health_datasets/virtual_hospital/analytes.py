"""What the laboratory measures: codes, units, reference intervals and the equations of values.

LOINC codes were checked against published tables of LOINC names (English names in `english`).
A code with an amount of substance and one with a mass are two codes: where a site reports
conventional units (`Site.laboratory_units`) and the property changes, the code changes too.

The value of an analyte, on the scale that `log` says, is

    base(sex, age) + decade * (age - 60) / 10 + sum of comorbidity effects
    + case effect * (0.3 + 0.7 * exp(-days / 3)) + acute * acute(t) + worse * worse(t)
    + patient effect (sd `between`) + noise (sd `within`)

with `acute(t)` and `worse(t)` from `course.py`. All coefficients are assumptions of the order
that textbooks give, and known. Reference intervals are usual adult ones (assumption: each real
laboratory sets its own), except: NT-proBNP 125 and 450 ng/L under and from 75 years (labelled
cut-offs); troponin T 14 ng/L (99th percentile of the high-sensitivity assay); D-dimers
500 µg/L, from 50 years on age * 10 (ADJUST-PE, JAMA 2014).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Pair = tuple[float, float]
# a band: up to which age (years, excluded), women, men
Bases = tuple[tuple[float, float, float], ...]
Intervals = tuple[tuple[float, Pair, Pair], ...]
OLDEST: Final = 999.0
NOBODY: Final = float("nan")


@dataclass(frozen=True)
class Conventional:
    """How a site with conventional units reports: unit, factor from SI, decimals, LOINC."""

    unit: str
    factor: float
    decimals: int
    loinc: str


@dataclass(frozen=True)
class Analyte:
    """An analyte.

    Attributes:
        key: its short name in the code.
        french, english: labels; the English one is the LOINC long name.
        loinc: code for `unit`.
        unit, decimals: how it is reported in SI (or the usual French unit).
        specimen: French name of the specimen.
        panel: what it is ordered with (`laboratory.PANELS`).
        log: whether the equation gives the logarithm of the value.
        base: usual value by age band and sex, on the natural scale.
        interval: reference interval by age band and sex, in `unit`.
        decade, acute, worse, comorbidity, cases: effects (see the module).
        between, within: standard deviations between patients, and of one measurement.
        bounds: what the instrument reports at least and at most.
        conventional: the other unit, if a site may report it.
    """

    key: str
    french: str
    english: str
    loinc: str
    unit: str
    specimen: str
    panel: str
    base: Bases
    interval: Intervals
    between: float
    within: float
    bounds: Pair
    decimals: int = 0
    log: bool = False
    decade: float = 0.0
    acute: float = 0.0
    worse: float = 0.0
    comorbidity: Mapping[str, float] = field(default_factory=dict)
    cases: Mapping[str, float] = field(default_factory=dict)
    conventional: Conventional | None = None


def _all(value: float) -> Bases:
    return ((OLDEST, value, value),)


def _within(low: float, high: float) -> Intervals:
    return ((OLDEST, (low, high), (low, high)),)


_PLASMA, _BLOOD, _ARTERY = "plasma", "sang total", "sang artériel"

ANALYTES: Final[tuple[Analyte, ...]] = (
    Analyte(
        "sodium", "Sodium", "Sodium [Moles/volume] in Serum or Plasma", "2951-2", "mmol/L",
        _PLASMA, "chemistry", _all(140), _within(136, 145), 1.6, 1.5, (110, 165),
        acute=-0.4, worse=-1.0, comorbidity={"heart_failure": -1.2, "ckd": -0.3},
        cases={"pneumonia": -2, "heart_failure": -1.5, "diabetes": -3, "aki": -1,
               "gastroenteritis": -1.5},
    ),
    Analyte(
        "potassium", "Potassium", "Potassium [Moles/volume] in Serum or Plasma", "2823-3",
        "mmol/L", _PLASMA, "chemistry", ((2, 4.7, 4.7), (OLDEST, 4.1, 4.1)),
        ((2, (3.7, 5.9), (3.7, 5.9)), (OLDEST, (3.5, 5.0), (3.5, 5.0))), 0.2, 0.25, (1.8, 8.5),
        decimals=1, acute=0.03, worse=0.4, comorbidity={"ckd": 0.35},
        cases={"aki": 0.6, "diabetes": 0.4, "gastroenteritis": -0.35},
    ),
    Analyte(
        "creatinine", "Créatinine", "Creatinine [Moles/volume] in Serum or Plasma", "14682-9",
        "µmol/L", _PLASMA, "chemistry", ((2, 24, 24), (15, 45, 45), (OLDEST, 62, 80)),
        ((2, (15, 35), (15, 35)), (15, (25, 70), (25, 70)), (OLDEST, (45, 84), (59, 104))),
        0.14, 0.07, (10, 1500), log=True, decade=0.03, acute=0.06, worse=0.4,
        comorbidity={"ckd": 0.75, "heart_failure": 0.12, "diabetes": 0.06},
        cases={"aki": 1.1, "sepsis": 0.35, "heart_failure": 0.15, "diabetes": 0.1},
        conventional=Conventional("mg/L", 0.11312, 1, "2160-0"),
    ),
    Analyte(
        "urea", "Urée", "Urea [Moles/volume] in Serum or Plasma", "22664-7", "mmol/L", _PLASMA,
        "chemistry", ((15, 3.9, 3.9), (OLDEST, 4.8, 5.6)), _within(2.5, 7.5), 0.2, 0.12,
        (0.8, 80), decimals=1, log=True, decade=0.06, acute=0.08, worse=0.45,
        comorbidity={"ckd": 0.75, "heart_failure": 0.2},
        cases={"aki": 1.1, "gi_bleed": 0.5, "sepsis": 0.4, "diabetes": 0.25,
               "gastroenteritis": 0.25},
        conventional=Conventional("g/L", 0.06006, 2, "3091-6"),
    ),
    Analyte(
        "haemoglobin", "Hémoglobine", "Hemoglobin [Mass/volume] in Blood", "718-7", "g/L",
        _BLOOD, "count", ((2, 118, 118), (15, 130, 130), (OLDEST, 131, 146)),
        ((2, (105, 140), (105, 140)), (15, (115, 150), (115, 150)),
         (OLDEST, (120, 160), (130, 170))), 9, 4, (35, 205),
        decade=-2.0, acute=-1.5, worse=-6, comorbidity={"ckd": -10, "cancer": -12},
        cases={"gi_bleed": -32, "hip_fracture": -14, "colorectal_surgery": -16,
               "knee_replacement": -12, "delivery": -12},
        conventional=Conventional("g/dL", 0.1, 1, "718-7"),
    ),
    Analyte(
        "leucocytes", "Leucocytes", "Leukocytes [#/volume] in Blood by Automated count", "6690-2",
        "G/L", _BLOOD, "count", ((2, 10, 10), (15, 8, 8), (OLDEST, 7, 7)),
        ((2, (6, 17), (6, 17)), (15, (4.5, 13), (4.5, 13)), (OLDEST, (4, 10), (4, 10))),
        0.2, 0.12, (0.1, 90), decimals=1, log=True, acute=0.06, worse=0.28,
        cases={"pneumonia": 0.55, "sepsis": 0.65, "pyelonephritis": 0.55, "appendicitis": 0.6,
               "cholecystitis": 0.5, "cellulitis": 0.4, "chemotherapy": -0.45, "delivery": 0.4,
               "bronchiolitis": 0.15},
    ),
    Analyte(
        "platelets", "Plaquettes", "Platelets [#/volume] in Blood by Automated count", "777-3",
        "G/L", _BLOOD, "count", ((15, 300, 300), (OLDEST, 250, 235)), _within(150, 400),
        0.22, 0.08, (5, 1200), log=True, acute=-0.03, worse=-0.12,
        cases={"sepsis": -0.25, "chemotherapy": -0.3},
    ),
    Analyte(
        "crp", "Protéine C réactive", "C reactive protein [Mass/volume] in Serum or Plasma",
        "1988-5", "mg/L", _PLASMA, "crp", _all(3), _within(0, 5), 0.5, 0.4, (0.5, 600),
        decimals=1, log=True, acute=0.35, worse=0.7, comorbidity={"cancer": 0.8, "copd": 0.2},
        cases={"sepsis": 3.8, "pneumonia": 3.2, "pyelonephritis": 3.4, "cellulitis": 3.0,
               "cholecystitis": 3.0, "appendicitis": 2.6, "colorectal_surgery": 2.5,
               "hip_fracture": 2.2, "knee_replacement": 2.0, "copd": 1.6, "gastroenteritis": 1.5,
               "bronchiolitis": 1.2},
    ),
    Analyte(
        "glucose", "Glucose", "Glucose [Moles/volume] in Serum or Plasma", "14749-6", "mmol/L",
        _PLASMA, "glucose", _all(5.3), _within(3.9, 6.1), 0.08, 0.14, (1.0, 60), decimals=1,
        log=True, acute=0.05, worse=0.1, comorbidity={"diabetes": 0.38},
        cases={"diabetes": 0.75, "sepsis": 0.12},
        conventional=Conventional("g/L", 0.18016, 2, "2345-7"),
    ),
    Analyte(
        "bilirubin", "Bilirubine totale", "Bilirubin.total [Moles/volume] in Serum or Plasma",
        "14631-6", "µmol/L", _PLASMA, "hepatic", _all(9), _within(0, 21), 0.3, 0.15, (2, 700),
        log=True, acute=0.04, worse=0.2,
        cases={"cholecystitis": 0.9, "heart_failure": 0.3, "sepsis": 0.4},
        conventional=Conventional("mg/L", 0.5847, 1, "1975-2"),
    ),
    Analyte(
        "alt", "Alanine aminotransférase (ALAT)",
        "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "1742-6",
        "U/L", _PLASMA, "hepatic", ((15, 18, 18), (OLDEST, 19, 25)),
        ((15, (0, 35), (0, 35)), (OLDEST, (0, 35), (0, 45))), 0.3, 0.15, (3, 8000), log=True,
        acute=0.05, worse=0.3,
        cases={"cholecystitis": 1.2, "intoxication": 0.8, "sepsis": 0.4, "heart_failure": 0.3,
               "chemotherapy": 0.2},
    ),
    Analyte(
        "albumin", "Albumine", "Albumin [Mass/volume] in Serum or Plasma", "1751-7", "g/L",
        _PLASMA, "albumin", _all(40), _within(35, 50), 2.5, 1.3, (10, 55), decade=-1.0,
        acute=-0.9, worse=-2.5, comorbidity={"cancer": -2.5},
        cases={"sepsis": -7, "pneumonia": -4, "hip_fracture": -4, "fall": -3,
               "colorectal_surgery": -3},
    ),
    Analyte(
        "inr", "INR", "INR in Platelet poor plasma by Coagulation assay", "6301-6", "1",
        "plasma citraté", "coagulation", _all(1.02), _within(0.8, 1.2), 0.05, 0.04, (0.8, 9),
        decimals=2, log=True, acute=0.02, worse=0.1, comorbidity={"atrial_fibrillation": 0.08},
        cases={"sepsis": 0.15, "gi_bleed": 0.12},
    ),
    Analyte(
        "troponin", "Troponine T hypersensible",
        "Troponin T.cardiac [Mass/volume] in Serum or Plasma by High sensitivity method",
        "67151-1", "ng/L", _PLASMA, "troponin", _all(7), _within(0, 14), 0.35, 0.2, (3, 25000),
        log=True, decade=0.18, acute=0.15, worse=0.7,
        comorbidity={"ckd": 0.8, "heart_failure": 0.4},
        cases={"myocardial_infarction": 4.3, "pulmonary_embolism": 1.3, "heart_failure": 1.2,
               "sepsis": 0.9, "atrial_fibrillation": 0.6, "stroke": 0.5},
    ),
    Analyte(
        "nt_probnp", "NT-proBNP",
        "Natriuretic peptide.B prohormone N-Terminal [Mass/volume] in Serum or Plasma",
        "33762-6", "ng/L", _PLASMA, "nt_probnp", _all(80),
        ((75, (0, 125), (0, 125)), (OLDEST, (0, 450), (0, 450))), 0.5, 0.2, (5, 70000), log=True,
        decade=0.32, acute=0.12, worse=0.5,
        comorbidity={"heart_failure": 1.5, "atrial_fibrillation": 0.8, "ckd": 0.7},
        cases={"heart_failure": 2.4, "atrial_fibrillation": 1.4, "myocardial_infarction": 1.1,
               "pulmonary_embolism": 1.0, "sepsis": 1.0, "copd": 0.4},
    ),
    Analyte(
        "procalcitonin", "Procalcitonine", "Procalcitonin [Mass/volume] in Serum or Plasma",
        "33959-8", "µg/L", _PLASMA, "procalcitonin", _all(0.06), _within(0, 0.5), 0.4, 0.4,
        (0.02, 300), decimals=2, log=True, acute=0.5, worse=0.9,
        cases={"sepsis": 3.9, "pyelonephritis": 2.2, "pneumonia": 1.4, "cholecystitis": 1.0,
               "cellulitis": 0.5},
    ),
    Analyte(
        "lactate", "Lactate", "Lactate [Moles/volume] in Serum or Plasma", "2524-7", "mmol/L",
        _PLASMA, "lactate", _all(1.1), _within(0.5, 2.0), 0.1, 0.25, (0.3, 25), decimals=1,
        log=True, acute=0.12, worse=0.75,
        cases={"seizure": 0.9, "sepsis": 0.7, "gi_bleed": 0.4, "diabetes": 0.4, "aki": 0.2},
    ),
    Analyte(
        "d_dimer", "D-dimères", "Fibrin D-dimer FEU [Mass/volume] in Platelet poor plasma",
        "48065-7", "µg/L", "plasma citraté", "d_dimer", _all(300),
        ((50, (0, 500), (0, 500)), (OLDEST, (0, NOBODY), (0, NOBODY))), 0.45, 0.2, (100, 35000),
        log=True, decade=0.18, acute=0.1, worse=0.2, comorbidity={"cancer": 0.5},
        cases={"pulmonary_embolism": 2.3, "hip_fracture": 1.5, "sepsis": 1.2, "delivery": 1.0,
               "pneumonia": 0.8, "stroke": 0.5, "atrial_fibrillation": 0.1},
    ),
    Analyte(
        "hba1c", "Hémoglobine glyquée (HbA1c)", "Hemoglobin A1c/Hemoglobin.total in Blood",
        "4548-4", "%", _BLOOD, "hba1c", _all(5.4), _within(4.0, 6.0), 0.35, 0.1, (3.5, 17),
        decimals=1, decade=0.05, comorbidity={"diabetes": 1.9}, cases={"diabetes": 1.6},
    ),
    Analyte(
        "tsh", "Thyréostimuline (TSH)", "Thyrotropin [Units/volume] in Serum or Plasma", "3016-3",
        "mUI/L", _PLASMA, "tsh", _all(1.7), _within(0.4, 4.0), 0.55, 0.1, (0.01, 100),
        decimals=2, log=True, comorbidity={"atrial_fibrillation": -0.2},
    ),
    Analyte(
        "ph", "pH artériel", "pH of Arterial blood", "2744-1", "pH", _ARTERY, "gas", _all(7.41),
        _within(7.35, 7.45), 0.008, 0.02, (6.8, 7.7), decimals=2, acute=-0.008, worse=-0.05,
        cases={"diabetes": -0.08, "copd": -0.06, "sepsis": -0.04, "aki": -0.04,
               "pulmonary_embolism": 0.03},
    ),
    Analyte(
        "pco2", "pCO2 artérielle", "Carbon dioxide [Partial pressure] in Arterial blood",
        "2019-8", "mmHg", _ARTERY, "gas", _all(39), _within(35, 45), 2, 3, (12, 130),
        acute=-0.3, worse=1.0, comorbidity={"copd": 4},
        cases={"copd": 12, "bronchiolitis": 5, "heart_failure": -1, "asthma": -3,
               "pneumonia": -3, "pulmonary_embolism": -6, "diabetes": -6},
    ),
    Analyte(
        "po2", "pO2 artérielle", "Oxygen [Partial pressure] in Arterial blood", "2703-7", "mmHg",
        _ARTERY, "gas", _all(88), _within(80, 100), 4, 7, (28, 180), decade=-3, acute=-3,
        worse=-8, comorbidity={"copd": -8},
        cases={"pulmonary_embolism": -18, "pneumonia": -16, "copd": -14, "heart_failure": -14,
               "bronchiolitis": -14},
    ),
)  # fmt: skip
ANALYTE_OF: Final = {analyte.key: position for position, analyte in enumerate(ANALYTES)}
