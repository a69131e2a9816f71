"""The table `prescriptions`: home treatments that go on, and what the case asks for.

ATC codes and names were checked in `drugs.json` of `edsnlp` 0.23. Who gets what, and the doses,
are assumptions of the order of usual practice; they teach data, never prescribing.

A planted truth: `REGIMENS` with a `renal` threshold should be halved in a patient whose
estimated glomerular filtration rate (CKD-EPI 2021) at entry is under it. A prescriber does it
with the probability `ADJUSTS` of the site; `true_prescriptions` says who should have been
adjusted. The thresholds simplify the product information (metformin 45, apixaban 30,
therapeutic enoxaparin 30, co-amoxiclav 30, levofloxacin 50, levetiracetam 50 mL/min) into one
threshold and one halving.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.analytes import ANALYTE_OF, ANALYTES
from health_datasets.virtual_hospital.cases import CASE_OF
from health_datasets.virtual_hospital.course import (
    DAY,
    NEVER,
    Course,
    by_site,
    case_codes,
    category,
    course,
    keys,
    moments,
)
from health_datasets.virtual_hospital.equations import Array
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.laboratory import usual_values
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import Column, Table

ADJUSTS: Final = {"S2": 0.6, "S4": 0.65, "S5": 0.85, "S6": 0.5}
ADJUSTS_USUALLY: Final = 0.7
ADJUSTS_WITHOUT_NEED: Final = 0.01


@dataclass(frozen=True)
class Regimen:
    """A drug as it is prescribed: ATC, French name (DCI), dose, unit, route, times a day.

    `renal`: eGFR under which the dose should be halved, mL/min/1.73 m²; 0 for never.
    """

    atc: str
    french: str
    dose: float
    unit: str
    route: str
    daily: float = 1.0
    renal: float = 0.0


_ORAL, _IV, _SC, _INHALED = "orale", "intraveineuse", "sous-cutanée", "inhalée"
REGIMENS: Final[dict[str, Regimen]] = {
    "amlodipine": Regimen("C08CA01", "amlodipine", 5, "mg", _ORAL),
    "ramipril": Regimen("C09AA05", "ramipril", 5, "mg", _ORAL),
    "metformin": Regimen("A10BA02", "metformine", 1000, "mg", _ORAL, 2, renal=45),
    "glargine": Regimen("A10AE04", "insuline glargine", 20, "UI", _SC),
    "aspart": Regimen("A10AB05", "insuline asparte", 6, "UI", _SC, 3),
    "furosemide": Regimen("C03CA01", "furosémide", 40, "mg", _ORAL),
    "furosemide_iv": Regimen("C03CA01", "furosémide", 40, "mg", _IV, 3),
    "bisoprolol": Regimen("C07AB07", "bisoprolol", 2.5, "mg", _ORAL),
    "spironolactone": Regimen("C03DA01", "spironolactone", 25, "mg", _ORAL),
    "atorvastatin": Regimen("C10AA05", "atorvastatine", 40, "mg", _ORAL),
    "tiotropium": Regimen("R03BB04", "tiotropium", 18, "µg", _INHALED),
    "salbutamol": Regimen("R03AC02", "salbutamol", 5, "mg", _INHALED, 4),
    "ipratropium": Regimen("R03BB01", "ipratropium", 0.5, "mg", _INHALED, 3),
    "prednisolone": Regimen("H02AB06", "prednisolone", 40, "mg", _ORAL),
    "prednisolone_child": Regimen("H02AB06", "prednisolone", 1, "mg/kg", _ORAL),
    "apixaban": Regimen("B01AF02", "apixaban", 5, "mg", _ORAL, 2, renal=30),
    "enoxaparin": Regimen("B01AB05", "énoxaparine", 4000, "UI", _SC),
    "enoxaparin_full": Regimen("B01AB05", "énoxaparine", 6000, "UI", _SC, 2, renal=30),
    "aspirin": Regimen("B01AC06", "acide acétylsalicylique", 75, "mg", _ORAL),
    "clopidogrel": Regimen("B01AC04", "clopidogrel", 75, "mg", _ORAL),
    "donepezil": Regimen("N06DA02", "donépézil", 10, "mg", _ORAL),
    "paracetamol": Regimen("N02BE01", "paracétamol", 1000, "mg", _ORAL, 4),
    "paracetamol_child": Regimen("N02BE01", "paracétamol", 15, "mg/kg", _ORAL, 4),
    "morphine": Regimen("N02AA01", "morphine", 10, "mg", _ORAL, 6),
    "ketoprofen": Regimen("M01AE03", "kétoprofène", 100, "mg", _IV, 2),
    "ibuprofen": Regimen("M01AE01", "ibuprofène", 400, "mg", _ORAL, 3),
    "tranexamic": Regimen("B02AA02", "acide tranexamique", 1, "g", _IV),
    "coamoxiclav": Regimen(
        "J01CR02", "amoxicilline et acide clavulanique", 1, "g", _IV, 3, renal=30
    ),
    "amoxicillin": Regimen("J01CA04", "amoxicilline", 1, "g", _ORAL, 3),
    "amoxicillin_child": Regimen("J01CA04", "amoxicilline", 27, "mg/kg", _ORAL, 3),
    "ceftriaxone": Regimen("J01DD04", "ceftriaxone", 1, "g", _IV),
    "ceftriaxone_child": Regimen("J01DD04", "ceftriaxone", 50, "mg/kg", _IV),
    "tazobactam": Regimen("J01CR05", "pipéracilline et tazobactam", 4, "g", _IV, 4),
    "amikacin": Regimen("J01GB06", "amikacine", 1500, "mg", _IV),
    "levofloxacin": Regimen("J01MA12", "lévofloxacine", 500, "mg", _ORAL, 2, renal=50),
    "metronidazole": Regimen("J01XD01", "métronidazole", 500, "mg", _IV, 3),
    "pantoprazole": Regimen("A02BC02", "pantoprazole", 40, "mg", _ORAL),
    "pantoprazole_iv": Regimen("A02BC02", "pantoprazole", 40, "mg", _IV, 2),
    "saline": Regimen("B05BB01", "solution de chlorure de sodium", 1, "L", _IV, 2),
    "levetiracetam": Regimen("N03AX14", "lévétiracétam", 500, "mg", _ORAL, 2, renal=50),
    "acetylcysteine": Regimen("V03AB23", "acétylcystéine", 10, "g", _IV),
    "norepinephrine": Regimen("C01CA03", "noradrénaline", 1, "mg/h", _IV, 24),
    "oxytocin": Regimen("H01BB02", "oxytocine", 5, "UI", _IV),
    "ondansetron": Regimen("A04AA01", "ondansétron", 8, "mg", _IV),
    "oxaliplatin": Regimen("L01XA03", "oxaliplatine", 85, "mg/m²", _IV),
    "fluorouracil": Regimen("L01BC02", "fluorouracile", 400, "mg/m²", _IV),
    "paclitaxel": Regimen("L01CD01", "paclitaxel", 80, "mg/m²", _IV),
    "cisplatin": Regimen("L01XA01", "cisplatine", 75, "mg/m²", _IV),
    "gemcitabine": Regimen("L01BC05", "gemcitabine", 1000, "mg/m²", _IV),
}
# comorbidity: what an adult takes at home, and the probability
AT_HOME: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "hypertension": (("amlodipine", 0.45), ("ramipril", 0.45)),
    "diabetes": (("metformin", 0.6), ("glargine", 0.25), ("atorvastatin", 0.5)),
    "heart_failure": (
        *(("furosemide", 0.75), ("bisoprolol", 0.7), ("spironolactone", 0.3)),
        ("ramipril", 0.4),
    ),
    "atrial_fibrillation": (("apixaban", 0.65), ("bisoprolol", 0.5)),
    "copd": (("tiotropium", 0.6),),
    "dementia": (("donepezil", 0.15),),
}
WHOLE_STAY: Final = 999.0
_PREVENTION: Final = ("enoxaparin", 0.6, WHOLE_STAY)
# case: regimen, probability, days
ADULTS: Final[dict[str, tuple[tuple[str, float, float], ...]]] = {
    "pneumonia": (
        *(("coamoxiclav", 0.6, 7.0), ("ceftriaxone", 0.3, 7.0), ("levofloxacin", 0.15, 7.0)),
        _PREVENTION,
    ),
    "heart_failure": (("furosemide_iv", 0.95, 4.0), _PREVENTION),
    "copd": (
        *(("salbutamol", 0.9, 6.0), ("ipratropium", 0.8, 5.0), ("prednisolone", 0.8, 5.0)),
        *(("coamoxiclav", 0.5, 6.0), _PREVENTION),
    ),
    "hip_fracture": (
        *(("enoxaparin", 0.9, WHOLE_STAY), ("morphine", 0.6, 4.0), ("tranexamic", 0.5, 0.3)),
        ("paracetamol", 0.9, WHOLE_STAY),
    ),
    "stroke": (
        *(("aspirin", 0.75, WHOLE_STAY), ("atorvastatin", 0.7, WHOLE_STAY)),
        ("enoxaparin", 0.4, WHOLE_STAY),
    ),
    "myocardial_infarction": (
        *(("aspirin", 0.97, WHOLE_STAY), ("clopidogrel", 0.85, WHOLE_STAY)),
        *(("enoxaparin_full", 0.8, 3.0), ("atorvastatin", 0.9, WHOLE_STAY)),
        *(("bisoprolol", 0.75, WHOLE_STAY), ("ramipril", 0.5, WHOLE_STAY)),
    ),
    "sepsis": (
        *(("tazobactam", 0.5, 7.0), ("ceftriaxone", 0.45, 7.0), ("amikacin", 0.45, 1.0)),
        *(("saline", 0.9, 2.0), _PREVENTION),
    ),
    "pyelonephritis": (("ceftriaxone", 0.75, 4.0), ("levofloxacin", 0.2, 7.0)),
    "cellulitis": (("amoxicillin", 0.75, 8.0), ("coamoxiclav", 0.2, 8.0), _PREVENTION),
    "gi_bleed": (("pantoprazole_iv", 0.95, 3.0), ("saline", 0.7, 1.5)),
    "diabetes": (("aspart", 0.9, WHOLE_STAY), ("glargine", 0.85, WHOLE_STAY), ("saline", 0.7, 1)),
    "aki": (("saline", 0.85, 3.0),),
    "appendicitis": (("coamoxiclav", 0.9, 2.0), ("paracetamol", 0.95, WHOLE_STAY)),
    "cholecystitis": (("coamoxiclav", 0.9, 4.0), ("paracetamol", 0.9, WHOLE_STAY)),
    "pulmonary_embolism": (
        *(("enoxaparin_full", 0.6, 3.0), ("apixaban", 0.7, WHOLE_STAY)),
        ("paracetamol", 0.4, WHOLE_STAY),
    ),
    "atrial_fibrillation": (("bisoprolol", 0.85, WHOLE_STAY), ("apixaban", 0.75, WHOLE_STAY)),
    "asthma": (("salbutamol", 0.97, 3.0), ("ipratropium", 0.5, 2.0), ("prednisolone", 0.9, 4.0)),
    "fall": (("paracetamol", 0.85, WHOLE_STAY), ("enoxaparin", 0.35, WHOLE_STAY)),
    "gastroenteritis": (("saline", 0.7, 1.0), ("paracetamol", 0.5, 2.0)),
    "seizure": (("levetiracetam", 0.65, WHOLE_STAY),),
    "intoxication": (("acetylcysteine", 0.2, 1.0), ("saline", 0.4, 0.5)),
    "knee_replacement": (
        *(("enoxaparin", 0.95, WHOLE_STAY), ("paracetamol", 0.97, WHOLE_STAY)),
        *(("ketoprofen", 0.6, 2.0), ("tranexamic", 0.8, 0.3), ("morphine", 0.5, 2.0)),
    ),
    "colorectal_surgery": (
        *(("enoxaparin", 0.95, WHOLE_STAY), ("paracetamol", 0.97, WHOLE_STAY)),
        *(("metronidazole", 0.5, 1.0), ("morphine", 0.4, 3.0)),
    ),
    "chemotherapy": (("ondansetron", 0.95, 0.2),),
    "delivery": (
        *(("oxytocin", 0.9, 0.1), ("paracetamol", 0.9, WHOLE_STAY)),
        ("ibuprofen", 0.5, WHOLE_STAY),
    ),
}
CHILDREN: Final[dict[str, tuple[tuple[str, float, float], ...]]] = {
    "pneumonia": (("amoxicillin_child", 0.9, 6.0), ("paracetamol_child", 0.8, 4.0)),
    "asthma": (("salbutamol", 0.97, 3.0), ("prednisolone_child", 0.9, 3.0)),
    "pyelonephritis": (("ceftriaxone_child", 0.9, 4.0), ("paracetamol_child", 0.8, 3.0)),
    "sepsis": (("ceftriaxone_child", 0.95, 7.0), ("saline", 0.8, 1.0)),
    "appendicitis": (("paracetamol_child", 0.95, WHOLE_STAY), ("ceftriaxone_child", 0.4, 2.0)),
    "gastroenteritis": (("paracetamol_child", 0.5, 2.0),),
    "bronchiolitis": (("paracetamol_child", 0.5, 2.0),),
    "diabetes": (("aspart", 0.9, WHOLE_STAY), ("glargine", 0.85, WHOLE_STAY)),
}
# tumour: what a session brings
SESSIONS: Final[dict[str, tuple[str, ...]]] = {
    "C18.7": ("oxaliplatin", "fluorouracil"),
    "C50.9": ("paclitaxel",),
    "C34.9": ("cisplatin", "gemcitabine"),
}
VASOPRESSOR: Final = 0.5
_NAMES: Final = list(REGIMENS)
_known: WeakKeyDictionary[Facts, pd.DataFrame] = WeakKeyDictionary()


def egfr(creatinine: Array, age: Array, male: Array) -> Array:
    """Return the estimated glomerular filtration rate, mL/min/1.73 m².

    CKD-EPI 2021 (Inker et al., NEJM 2021;385:1737), for adults.

    Args:
        creatinine: µmol/L.
        age: years.
        male: whether a man.
    """
    ratio = creatinine / 88.4 / np.where(male, 0.9, 0.7)
    low = np.minimum(ratio, 1) ** np.where(male, -0.302, -0.241)
    value = 142 * low * np.maximum(ratio, 1) ** -1.2 * 0.9938**age
    return np.asarray(value * np.where(male, 1.0, 1.012))


def true_egfr(facts: Facts) -> Array:
    """Return each stay's true eGFR at entry: from the equation of creatinine, without noise."""
    stays = facts.stays
    creatinine = np.exp(usual_values(facts, ANALYTES[ANALYTE_OF["creatinine"]], case=True))
    male = (facts.patients["sex"] == "M").to_numpy()[stays["patient"].to_numpy()]
    return egfr(creatinine, stays["age"].to_numpy(), male)


@dataclass(frozen=True)
class _Some:
    """Some prescriptions of one regimen: stays, minutes of begin and end, from home or not."""

    stay: Array
    regimen: str
    begin: Array
    end: Array
    home: bool


def _home(facts: Facts, rng: np.random.Generator, told: Course) -> Iterator[_Some]:
    """Draw who takes what at home, once a patient; it goes on during the stays with nights."""
    stays = facts.stays
    patient = stays["patient"].to_numpy()
    whole = stays["night"].to_numpy() & (stays["age"].to_numpy() >= 15)
    for comorbidity, treatments in AT_HOME.items():
        has = facts.patients[comorbidity].to_numpy()
        for regimen, share in treatments:
            takes = has & (rng.random(len(has)) < share)
            stay = np.flatnonzero(whole & takes[patient])
            yield _Some(stay, regimen, told.entry[stay], told.leave[stay], True)


def _given(
    rng: np.random.Generator, told: Course, stay: Array, regimen: str, share: float, days: float
) -> _Some:
    """Draw who is given a regimen from entry, and for how long."""
    stay = stay[rng.random(len(stay)) < share]
    delay = np.minimum(rng.integers(15, 300, len(stay)), (told.leave - told.entry)[stay] // 3)
    begin = told.entry[stay] + delay
    length = days * DAY * rng.uniform(0.85, 1.2, len(stay))
    end = np.minimum(begin + length.astype("int64"), told.leave[stay])
    return _Some(stay, regimen, begin, end, False)


def _in_hospital(facts: Facts, rng: np.random.Generator, told: Course) -> Iterator[_Some]:
    case, stays = case_codes(facts), facts.stays
    child = stays["age"].to_numpy() < 15
    for young, cases in ((False, ADULTS), (True, CHILDREN)):
        for key, treatments in cases.items():
            stay = np.flatnonzero((case == CASE_OF[key]) & (child == young))
            for regimen, share, days in treatments:
                yield _given(rng, told, stay, regimen, share, days)
    adult = np.flatnonzero(~child & stays["night"].to_numpy())
    yield _given(rng, told, adult, "paracetamol", 0.35, WHOLE_STAY)
    yield _given(rng, told, adult, "pantoprazole", 0.2, WHOLE_STAY)
    tumour = facts.patients["cancer_code"].to_numpy(dtype=object)[stays["patient"].to_numpy()]
    session = case == CASE_OF["chemotherapy"]
    for code, regimens in SESSIONS.items():
        stay = np.flatnonzero(session & (tumour == code))
        for regimen in regimens:
            yield _given(rng, told, stay, regimen, 1.0, 0.12)
    yield _vasopressor(facts, rng, told)


def _vasopressor(facts: Facts, rng: np.random.Generator, told: Course) -> _Some:
    """Draw who gets noradrenaline in intensive care after a deterioration."""
    segments = facts.segments
    owner = segments["stay"].to_numpy()
    care = (segments["unit"] == "REA").to_numpy() & (rng.random(len(segments)) < VASOPRESSOR)
    begin = (segments["entry_at"] - facts.start).dt.total_seconds().to_numpy() // 60
    finish = (segments["exit_at"] - facts.start).dt.total_seconds().to_numpy() // 60
    worse = told.deteriorates[owner]
    row = np.flatnonzero(care & (worse != NEVER) & (begin >= worse))
    # once a stay
    row = row[np.unique(owner[row], return_index=True)[1]]
    start = begin[row].astype("int64") + 5
    end = np.minimum(finish[row].astype("int64"), start + rng.integers(8, 60, len(row)) * 60)
    return _Some(owner[row], "norepinephrine", start, end, False)


def _drawn(facts: Facts) -> pd.DataFrame:
    """Return the prescriptions with their truth, by stay, begin and regimen."""
    rng = stream(facts.seed, "prescriptions")
    told = course(facts)
    parts = [*_home(facts, rng, told), *_in_hospital(facts, rng, told)]
    sizes = [len(part.stay) for part in parts]
    frame = pd.DataFrame(
        {
            "stay": np.concatenate([part.stay for part in parts]),
            "regimen": np.repeat([_NAMES.index(part.regimen) for part in parts], sizes),
            "begin": np.concatenate([part.begin for part in parts]),
            "end": np.concatenate([part.end for part in parts]),
            "home": np.repeat([part.home for part in parts], sizes),
        }
    )
    frame = _without_repeats(frame[frame["end"] > frame["begin"]])
    frame = frame.sort_values(["stay", "begin", "regimen"], ignore_index=True)
    stay = frame["stay"].to_numpy()
    frame["egfr"] = true_egfr(facts)[stay]
    renal = np.array([one.renal for one in REGIMENS.values()])[frame["regimen"]]
    adult = facts.stays["age"].to_numpy()[stay] >= 15
    frame["should_adjust"] = (frame["egfr"] < renal) & adult
    site = by_site(facts, ADJUSTS, ADJUSTS_USUALLY)[facts.stays["site"].to_numpy()]
    chance = np.where(frame["should_adjust"], site[stay], ADJUSTS_WITHOUT_NEED * (renal > 0))
    frame["adjusted"] = rng.random(len(frame)) < chance
    return frame


def _without_repeats(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep one prescription of a substance by stay, and one anticoagulant.

    What the case asks for replaces the same substance from home; a therapeutic anticoagulant
    keeps prevention out.
    """
    atc = [one.atc for one in REGIMENS.values()]
    number = np.array([atc.index(one) for one in atc])[frame["regimen"]]
    frame = frame.assign(substance=number).sort_values(["home", "regimen"], kind="stable")
    frame = frame.drop_duplicates(["stay", "substance"])
    full = frame["regimen"].isin([_NAMES.index("apixaban"), _NAMES.index("enoxaparin_full")])
    treated = frame["stay"].isin(frame.loc[full, "stay"])
    prevents = frame["regimen"] == _NAMES.index("enoxaparin")
    return frame[~(treated & prevents)].drop(columns="substance")


def _all(facts: Facts) -> pd.DataFrame:
    if facts not in _known:
        _known[facts] = _drawn(facts)
    return _known[facts]


def true_prescriptions(facts: Facts) -> pd.DataFrame:
    """Return what is true of each prescription, in the order of the table.

    Returns:
        `prescription_id`, `egfr` (true, at entry, mL/min/1.73 m²), `should_adjust` (the dose
        should be halved) and `adjusted` (it was).
    """
    frame = _all(facts)[["egfr", "should_adjust", "adjusted"]].reset_index(drop=True)
    frame.insert(0, "prescription_id", np.arange(1, len(frame) + 1))
    return frame


def make_prescriptions(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `prescriptions`."""
    frame = _all(facts)
    code = frame["regimen"].to_numpy()
    every = list(REGIMENS.values())

    def of_regimen(name: str) -> pd.Series:
        values = [getattr(one, name) for one in every]
        names = list(dict.fromkeys(values))
        return category(np.array([names.index(value) for value in values])[code], names)

    dose = np.array([one.dose for one in every])[code]
    return pd.DataFrame(
        {
            "prescription_id": np.arange(1, len(frame) + 1),
            **keys(facts, frame["stay"].to_numpy()),
            "atc": of_regimen("atc"),
            "drug": of_regimen("french"),
            "dose": np.where(frame["adjusted"], dose / 2, dose),
            "unit": of_regimen("unit"),
            "route": of_regimen("route"),
            "daily": np.array([float(one.daily) for one in every])[code],
            "start_at": moments(facts, frame["begin"].to_numpy()),
            "end_at": moments(facts, frame["end"].to_numpy()),
            "home": frame["home"].to_numpy(),
        }
    )


TABLES: Final = (
    Table(
        "prescriptions",
        "Prescriptions de médicaments",
        "Drug prescriptions",
        (
            Column(
                "prescription_id",
                "int",
                "number, by stay and begin",
                key="primary",
                french="numéro, par séjour et par début",
            ),
            Column("stay_id", "str", "stay", key="stays.stay_id", french="séjour"),
            Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
            Column("atc", "category", "ATC code", french="code ATC"),
            Column(
                "drug",
                "category",
                "French name of the substance (DCI)",
                french="dénomination commune internationale (DCI), en français",
            ),
            Column(
                "dose",
                "float",
                "one dose, in `unit`",
                "unit",
                french="une prise, dans l'unité de `unit`",
            ),
            Column("unit", "category", "unit of the dose", french="unité de la dose"),
            Column("route", "category", "route, in French", french="voie d'administration"),
            Column(
                "daily",
                "float",
                "doses a day; 24 for a continuous infusion",
                "/day",
                french="prises par jour ; 24 pour une perfusion continue",
            ),
            Column(
                "start_at",
                "datetime",
                "begin, not before the entry",
                french="début, pas avant l'entrée",
            ),
            Column(
                "end_at", "datetime", "end, not after the exit", french="fin, pas après la sortie"
            ),
            Column(
                "home",
                "bool",
                "home treatment that goes on",
                french="traitement habituel poursuivi",
            ),
        ),
        make_prescriptions,
    ),
)
