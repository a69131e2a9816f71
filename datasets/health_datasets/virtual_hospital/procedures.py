"""The table `procedures`: a short list of CCAM acts, written by hand.

Only acts whose code and label could be confirmed in public documents are here; whole families
are missing (ventilation, dialysis, diagnostic colonoscopy, right colectomy…), and with them
their acts. Probabilities and delays are assumptions. An operation follows the true principal
diagnosis of the stay (`diagnoses.true_diagnoses`).
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.cases import CASE_OF, UNITS
from health_datasets.virtual_hospital.course import (
    DAY,
    NEVER,
    Course,
    case_codes,
    category,
    course,
    keys,
    minutes,
    moments,
    segment_at,
    unit_codes,
)
from health_datasets.virtual_hospital.diagnoses import true_diagnoses
from health_datasets.virtual_hospital.equations import Array
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.pmsi import rum_identifiers
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import Column, Table

ACTS: Final[dict[str, str]] = {
    "ACQK001": "Scanographie du crâne et de son contenu, sans injection de produit de contraste",
    "ACQN001": "Remnographie [IRM] du crâne et de son contenu, sans injection intraveineuse de "
    "produit de contraste",
    "BFGA004": "Extraction extracapsulaire du cristallin par phakoémulsification, avec "
    "implantation de cristallin artificiel dans la chambre postérieure de l'œil",
    "DDAF006": "Dilatation intraluminale d'un vaisseau coronaire avec pose d'endoprothèse, par "
    "voie artérielle transcutanée",
    "DDAF007": "Dilatation intraluminale de 2 vaisseaux coronaires avec artériographie coronaire, "
    "avec pose d'endoprothèse, par voie artérielle transcutanée",
    "DDQH009": "Artériographie coronaire sans ventriculographie gauche, par voie artérielle "
    "transcutanée",
    "DEQP003": "Électrocardiographie sur au moins 12 dérivations",
    "DEQP004": "Surveillance continue de l'électrocardiogramme par oscilloscopie et/ou "
    "télésurveillance, par 24 heures",
    "DZQM006": "Échographie-doppler transthoracique du cœur et des vaisseaux intrathoraciques",
    "ECQH010": "Scanographie des vaisseaux du thorax et/ou du cœur [Angioscanner thoracique]",
    "FELF011": "Transfusion de concentré de globules rouges d'un volume inférieur à une "
    "demi-masse sanguine",
    "GELD004": "Intubation trachéale",
    "HEQE002": "Endoscopie œso-gastro-duodénale",
    "HHFA006": "Colectomie gauche avec libération de l'angle colique gauche, avec rétablissement "
    "de la continuité, par laparotomie",
    "HHFA016": "Appendicectomie, par cœlioscopie ou par laparotomie avec préparation par "
    "cœlioscopie",
    "HHFE002": "Exérèse de 1 à 3 polypes de moins de 1 cm de diamètre du côlon et/ou du rectum, "
    "par coloscopie totale",
    "HMFC004": "Cholécystectomie, par cœlioscopie",
    "JQGD010": "Accouchement céphalique unique par voie naturelle, chez une primipare",
    "JQGD012": "Accouchement céphalique unique par voie naturelle, chez une multipare",
    "NBCA010": "Ostéosynthèse de fracture extracapsulaire du col du fémur",
    "NEKA011": "Remplacement de l'articulation coxofémorale par prothèse fémorale "
    "cervicocéphalique et cupule mobile",
    "NFKA007": "Remplacement de l'articulation du genou par prothèse tricompartimentaire sur une "
    "déformation inférieure ou égale à 10° dans le plan frontal",
    "ZBQK002": "Radiographie du thorax",
}
# true principal diagnosis: act, probability, hours from entry (least, most)
OPERATIONS: Final[dict[str, tuple[str, float, float, float]]] = {
    "H25.1": ("BFGA004", 0.99, 0.7, 2.5),
    "K63.5": ("HHFE002", 0.9, 0.7, 3.0),
    "D12.6": ("HHFE002", 0.9, 0.7, 3.0),
    "K35.8": ("HHFA016", 0.95, 1.0, 14.0),
    "K35.2": ("HHFA016", 0.9, 0.7, 8.0),
    "K80.0": ("HMFC004", 0.85, 4.0, 60.0),
    "K81.0": ("HMFC004", 0.8, 4.0, 60.0),
    "S72.00": ("NEKA011", 0.85, 6.0, 48.0),
    "S72.10": ("NBCA010", 0.93, 6.0, 48.0),
    "M17.1": ("NFKA007", 0.97, 1.0, 8.0),
    "M17.0": ("NFKA007", 0.97, 1.0, 8.0),
    "C18.7": ("HHFA006", 0.75, 1.0, 26.0),
}
# act: case → probability; hours from entry
EXAMINATIONS: Final[dict[str, tuple[dict[str, float], float, float]]] = {
    "DEQP003": (
        {"myocardial_infarction": 0.97, "atrial_fibrillation": 0.97, "heart_failure": 0.9,
         "pulmonary_embolism": 0.85, "stroke": 0.8, "intoxication": 0.7, "fall": 0.6,
         "hip_fracture": 0.6, "seizure": 0.5, "sepsis": 0.5, "aki": 0.5, "copd": 0.5,
         "pneumonia": 0.4, "gi_bleed": 0.4, "diabetes": 0.4},
        0.1, 2.0,
    ),
    "ZBQK002": (
        {"pneumonia": 0.9, "heart_failure": 0.9, "copd": 0.85, "sepsis": 0.6, "asthma": 0.4,
         "hip_fracture": 0.4, "bronchiolitis": 0.3, "pulmonary_embolism": 0.3, "fall": 0.3},
        0.2, 8.0,
    ),
    "DZQM006": (
        {"myocardial_infarction": 0.85, "heart_failure": 0.65, "atrial_fibrillation": 0.6,
         "stroke": 0.55, "pulmonary_embolism": 0.5, "sepsis": 0.15},
        6.0, 60.0,
    ),
    "ACQK001": (
        {"seizure": 0.6, "fall": 0.5, "stroke": 0.25, "intoxication": 0.1}, 0.3, 6.0,
    ),
    "ACQN001": ({"stroke": 0.8, "seizure": 0.15}, 0.3, 20.0),
    "ECQH010": ({"pulmonary_embolism": 0.93, "pneumonia": 0.05}, 0.3, 12.0),
    "HEQE002": ({"gi_bleed": 0.9}, 2.0, 24.0),
    "FELF011": ({"gi_bleed": 0.4}, 1.0, 24.0),
}  # fmt: skip
# shares of an infarction: two vessels at once; angiography, then one vessel; angiography alone
CORONARY: Final = (0.2, 0.4, 0.25)
TRANSFUSED, PRIMIPAROUS, INTUBATED, INTUBATED_WORSE = 0.4, 0.43, 0.25, 0.5
_CODES: Final = list(ACTS)
_Part = tuple[Array, Array, str]


def _after(rng: np.random.Generator, told: Course, stay: Array, low: float, high: float) -> Array:
    """Draw minutes between so many hours after entry, within the first 60 % of the stay."""
    span = (told.leave - told.entry)[stay]
    most = np.minimum(high * 60, 0.6 * span)
    least = np.minimum(low * 60, 0.3 * span)
    minute = least + rng.random(len(stay)) * np.maximum(most - least, 1)
    return np.asarray(told.entry[stay] + minute.astype("int64"))


def _operations(facts: Facts, rng: np.random.Generator, told: Course) -> Iterator[_Part]:
    found = true_diagnoses(facts)
    principal = found[found["role"] == "DP"]
    owner, code = principal["stay"].to_numpy(), principal["code"].astype("str").to_numpy()
    for wanted, (act, share, low, high) in OPERATIONS.items():
        stay = owner[code == wanted]
        stay = stay[rng.random(len(stay)) < share]
        yield stay, _after(rng, told, stay, low, high), act
    bled = found[(found["code"] == "D62") & (found["role"] == "DAS")]["stay"].unique()
    # those of a bleeding are drawn with the examinations
    bled = bled[case_codes(facts)[bled] != CASE_OF["gi_bleed"]]
    bled = bled[rng.random(len(bled)) < TRANSFUSED]
    yield bled, _after(rng, told, bled, 20.0, 72.0), "FELF011"


def _examinations(facts: Facts, rng: np.random.Generator, told: Course) -> Iterator[_Part]:
    case = case_codes(facts)
    for act, (shares, low, high) in EXAMINATIONS.items():
        for key, share in shares.items():
            stay = np.flatnonzero(case == CASE_OF[key])
            stay = stay[rng.random(len(stay)) < share]
            yield stay, _after(rng, told, stay, low, high), act


def _coronary(facts: Facts, rng: np.random.Generator, told: Course) -> Iterator[_Part]:
    stay = np.flatnonzero(case_codes(facts) == CASE_OF["myocardial_infarction"])
    minute = _after(rng, told, stay, 0.5, 24.0)
    choice = np.searchsorted(np.cumsum(CORONARY), rng.random(len(stay)), side="right")
    yield stay[choice == 0], minute[choice == 0], "DDAF007"
    seen = (choice == 1) | (choice == 2)
    yield stay[seen], minute[seen], "DDQH009"
    later = minute + rng.integers(18 * 60, 48 * 60, len(stay))
    treated = (choice == 1) & (later < told.leave[stay])
    yield stay[treated], later[treated], "DDAF006"


def _births(facts: Facts, rng: np.random.Generator, told: Course) -> Iterator[_Part]:
    """Date each delivery by the birth: the entry of the newborn's stay."""
    case, patient = case_codes(facts), facts.stays["patient"].to_numpy()
    baby = np.flatnonzero(case == CASE_OF["newborn"])
    mother = facts.patients["mother"].to_numpy()[patient[baby]]
    born = np.full(len(facts.patients), NEVER)
    born[mother] = told.entry[baby]
    stay = np.flatnonzero(case == CASE_OF["delivery"])
    birth = born[patient[stay]]
    stay, birth = stay[birth != NEVER], birth[birth != NEVER]
    first = rng.random(len(stay)) < PRIMIPAROUS
    yield stay[first], birth[first], "JQGD010"
    yield stay[~first], birth[~first], "JQGD012"


def _critical(facts: Facts, rng: np.random.Generator, told: Course) -> Iterator[_Part]:
    """Draw intubations in intensive care, and the days of cardiac monitoring."""
    segments = facts.segments
    stay, unit = segments["stay"].to_numpy(), segments["unit"]
    begin, end = minutes(facts, segments["entry_at"]), minutes(facts, segments["exit_at"])
    worse = told.deteriorates[stay]
    after = (worse != NEVER) & (begin >= worse)
    chance = np.where(after, INTUBATED_WORSE, INTUBATED) * (unit == "REA").to_numpy()
    row = np.flatnonzero(rng.random(len(stay)) < chance)
    minute = begin[row] + rng.integers(5, 180, len(row))
    kept = minute < end[row]
    yield stay[row][kept], minute[kept], "GELD004"
    row = np.flatnonzero((unit == "USIC").to_numpy())
    days = np.maximum(1, (end - begin)[row] // DAY)
    row = np.repeat(row, days)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(days) - days, days)
    yield stay[row], begin[row] + rank * DAY + 1, "DEQP004"


def make_procedures(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `procedures`."""
    rng, told = stream(seed, "procedures"), course(facts)
    makers = (_operations, _examinations, _coronary, _births, _critical)
    parts = [part for maker in makers for part in maker(facts, rng, told)]
    stay = np.concatenate([part[0] for part in parts])
    minute = np.concatenate([part[1] for part in parts])
    code = np.repeat([_CODES.index(part[2]) for part in parts], [len(part[0]) for part in parts])
    kept = np.flatnonzero((minute >= told.entry[stay]) & (minute < told.leave[stay]))
    order = kept[np.lexsort((code[kept], minute[kept], stay[kept]))]
    stay, minute, code = stay[order], minute[order], code[order]
    segment = segment_at(facts, stay, minute)
    return pd.DataFrame(
        {
            "procedure_id": np.arange(1, len(stay) + 1),
            **keys(facts, stay),
            "rum_id": rum_identifiers(facts).take(segment).reset_index(drop=True),
            "unit": category(unit_codes(facts, segment), list(UNITS)),
            "ccam": category(code, _CODES),
            "label": category(code, list(ACTS.values())),
            "performed_at": moments(facts, minute),
        }
    )


TABLES: Final = (
    Table(
        "procedures",
        "Actes (liste courte de la CCAM)",
        "Procedures (a short CCAM list)",
        (
            Column(
                "procedure_id",
                "int",
                "number, by stay and time",
                key="primary",
                french="numéro, par séjour et par heure",
            ),
            Column("stay_id", "str", "stay", key="stays.stay_id", french="séjour"),
            Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
            Column(
                "rum_id",
                "str",
                "medical unit summary",
                key="rum.rum_id",
                french="résumé d'unité médicale",
            ),
            Column(
                "unit",
                "category",
                "medical unit, a key of cases.UNITS",
                french="unité médicale, une clé de cases.UNITS",
            ),
            Column("ccam", "category", "CCAM code", french="code CCAM"),
            Column("label", "category", "French label of the act", french="libellé de l'acte"),
            Column("performed_at", "datetime", "when", french="date et heure de l'acte"),
        ),
        make_procedures,
    ),
)
