"""The table `emergency_visits`, as in the RPU (résumé de passage aux urgences).

Modes of exit and orientations are those of the RPU. Triage is the French scale FRENCH
(Taboulet et al., Annales françaises de médecine d'urgence, 2019: 1 to 5 from the most to the
least urgent, 3 split into 3A and 3B) and CCMU goes from 1 to 5 with the gravity. Visits that
lead to a stay come from the facts; the others are drawn here: their number by age, their
diagnoses, their delays are assumptions set on the survey of 13 June 2023 (see `targets.py`).
"""

from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.cases import CASES, UNITS
from health_datasets.virtual_hospital.equations import Array
from health_datasets.virtual_hospital.facts import (
    DAY,
    YEAR,
    Facts,
    age_years,
    arrival_days,
    minute_of_day,
)
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import Column, Table

# visits without a stay, by year and age band (cases.AGE_BANDS); assumption
VISIT_RATE: Final = (2.8, 1.9, 1.45, 0.75, 0.55, 0.6)
# a man comes that much more often than a woman (assumption)
MALE_RATE: Final = 1.17
# minutes from arrival to exit without a stay: median (2 h 30 for those who go home, DREES
# survey of 13 June 2023), spread of the log (assumption)
HOME_MINUTES: Final = (150.0, 0.8)
TRIAGE: Final = ("1", "2", "3A", "3B", "4", "5")
# latent acuity from which a visit is triaged 1, 2, 3A, 3B, 4; below, 5 (assumption)
TRIAGE_FROM: Final = (2.9, 1.7, 0.8, 0.0, -1.2)
# median minutes to the first contact with a physician, by triage (assumption)
WAIT: Final = (2.0, 15.0, 35.0, 50.0, 65.0, 75.0)
TRANSPORT: Final = ("PERSO", "AMBU", "VSAB", "SMUR")
# their shares, when triaged 3A to 5 and when 1 or 2 (assumption)
RIDE: Final = (0.86, 0.07, 0.069, 0.001)
RIDE_URGENT: Final = (0.25, 0.3, 0.35, 0.1)

# CIM-10 (checked as in cases.py): French, English, weight under 15, from 15 to 64, from 65
HOME_CODES: Final[tuple[tuple[str, str, str, tuple[float, float, float]], ...]] = (
    ("S93.4", "Entorse de la cheville", "Sprain of ankle", (6, 8, 2)),
    ("S61.0", "Plaie ouverte de doigt", "Open wound of finger", (4, 7, 3)),
    ("S01.8", "Plaie de la tête", "Open wound of other parts of head", (9, 3, 6)),
    ("S00.8", "Lésion superficielle de la tête", "Superficial injury of head", (9, 2, 5)),
    ("S52.50", "Fracture fermée du radius distal", "Closed fracture of lower radius", (4, 2, 6)),
    ("S62.60", "Fracture fermée d'un doigt", "Closed fracture of finger", (4, 3, 1)),
    ("S60.2", "Contusion du poignet et de la main", "Contusion of wrist and hand", (4, 4, 3)),
    ("S80.0", "Contusion du genou", "Contusion of knee", (3, 4, 3)),
    ("S13.4", "Entorse cervicale", "Sprain of cervical spine", (0.3, 3, 1)),
    ("J06.9", "Infection respiratoire supérieure", "Upper respiratory infection", (14, 3, 2)),
    ("H66.9", "Otite moyenne", "Otitis media", (6, 1, 0.3)),
    ("J02.9", "Pharyngite aiguë", "Acute pharyngitis", (5, 2, 0.3)),
    ("B34.9", "Infection virale", "Viral infection", (9, 3, 2)),
    ("A09.0", "Gastroentérite infectieuse", "Infectious gastroenteritis", (9, 4, 3)),
    ("R10.4", "Douleurs abdominales", "Abdominal pain", (6, 10, 8)),
    ("R07.4", "Douleur thoracique", "Chest pain", (0.5, 7, 8)),
    ("M54.5", "Lombalgie basse", "Low back pain", (0.1, 5, 4)),
    ("N23", "Colique néphrétique", "Renal colic", (0.1, 4, 2)),
    ("R51", "Céphalée", "Headache", (1, 4, 3)),
    ("F41.9", "Trouble anxieux", "Anxiety disorder", (0.3, 5, 3)),
    ("F10.0", "Intoxication alcoolique aiguë", "Acute alcohol intoxication", (0.2, 4, 1)),
    ("R42", "Étourdissements", "Dizziness", (0.2, 2, 6)),
    ("R55", "Syncope", "Syncope", (0.5, 2, 6)),
    ("K59.0", "Constipation", "Constipation", (3, 1, 4)),
    ("R04.0", "Épistaxis", "Epistaxis", (0.6, 0.5, 3)),
    ("L50.9", "Urticaire", "Urticaria", (2, 2, 0.7)),
    ("R50.9", "Fièvre", "Fever", (8, 1, 2)),
)
# where a unit stands in the orientations of the RPU
ORIENTATION: Final = {
    "UHCD": "UHCD",
    "REA": "REA",
    "USIC": "SI",
    "USINV": "SI",
    "CHIR": "CHIR",
    "ORTH": "CHIR",
    "MATE": "OBST",
}


def _minutes(moment: pd.Series) -> Array:
    return np.asarray(moment.to_numpy().astype("datetime64[m]").astype("int64"))


def _home_visits(facts: Facts, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw visits without a stay: patient, arrival, exit (minutes since 1970)."""
    patients = facts.patients
    start = facts.start.to_datetime64().astype("datetime64[m]")
    first, days = int(start.astype("int64")), (facts.end - facts.start).days
    birth = patients["birth_date"].to_numpy()
    age = age_years(birth, np.full(len(patients), start))
    bounds = np.array([0, 2, 15, 45, 65, 80])
    rate = np.array(VISIT_RATE)[np.searchsorted(bounds, age, side="right") - 1]
    rate = rate * np.where(patients["sex"] == "M", MALE_RATE, 1.0)
    who = np.repeat(np.arange(len(patients)), rng.poisson(rate * days / YEAR))
    n = len(who)
    arrival = first + arrival_days(rng, start, days, n) * DAY + minute_of_day(rng, n)
    median, spread = HOME_MINUTES
    delay = facts.sites["emergency_delay"].to_numpy()[patients["site"].to_numpy()[who]]
    stays = np.exp(np.log(median * delay) + spread * rng.standard_normal(n)).clip(12, 20 * 60)
    leave = arrival + stays.astype("int64")
    kept = _possible(facts, who, arrival, leave)
    return who[kept], arrival[kept], leave[kept]


def _possible(facts: Facts, who: Array, arrival: Array, leave: Array) -> Array:
    """Tell which visits are away from any stay, before death, after birth and not too close."""
    patients, stays = facts.patients, facts.stays
    wide = np.int64(2**32)
    born = _minutes(patients["birth_date"])[who]
    death = patients["death_at"].to_numpy().astype("datetime64[m]")
    dead = np.where(np.isnat(death), 2**31, death.astype("int64"))[who]
    # a newborn comes home first
    kept = (leave < dead) & (arrival > born + DAY)
    begin = _minutes(stays["arrival_at"].fillna(stays["entry_at"]))
    order = np.lexsort((begin, stays["patient"]))
    owner = stays["patient"].to_numpy()[order]
    begin, end = begin[order], _minutes(stays["exit_at"])[order]
    if len(owner):
        before = np.searchsorted(owner * wide + begin, who * wide + leave, side="right") - 1
        # the stays of a patient follow one another: the last that has begun is enough
        clash = (before >= 0) & (owner[before] == who) & (end[before] >= arrival)
        kept &= ~clash
    order = np.lexsort((arrival, who))
    close = np.zeros(len(who), dtype=bool)
    same = who[order][1:] == who[order][:-1]
    close[order[1:]] = same & (np.diff(arrival[order]) < DAY)
    return kept & ~close


def _acuity(facts: Facts, rng: np.random.Generator, rows: Array, home: int) -> Array:
    """Return the latent acuity that triage sees: of stays, then of visits without."""
    severity = facts.stays["severity"].to_numpy()[rows]
    critical = np.array([one.critical is not None for one in CASES])
    case = facts.stays["case"].cat.codes.to_numpy()[rows]
    staying = 0.5 + 0.75 * severity + 0.4 * critical[case] + 0.5 * rng.standard_normal(len(rows))
    return np.concatenate([staying, -0.75 + 0.85 * rng.standard_normal(home)])


def _times(
    rng: np.random.Generator, triage: Array, arrival: Array, leave: Array, delay: Array
) -> tuple[Array, Array, Array]:
    """Draw triage, first contact and decision between arrival and exit (minutes)."""
    n = len(arrival)
    total = (leave - arrival).astype(float)
    seen = np.minimum(rng.integers(1, 14, n), 0.25 * total)
    wait = np.array(WAIT)[triage] * delay * np.exp(0.6 * rng.standard_normal(n))
    contact = np.minimum(seen + wait, 0.6 * total)
    decision = contact + (total - contact) * rng.uniform(0.4, 0.9, n)
    later = [arrival + value.astype("int64") for value in (seen, contact, decision)]
    return later[0], later[1], later[2]


def _home_codes(rng: np.random.Generator, age: Array) -> Array:
    weights = np.cumsum(np.array([row[3] for row in HOME_CODES]), axis=0)
    group = np.searchsorted(np.array([15, 65]), age, side="right")
    draw = rng.random(len(age)) * weights[-1, group]
    return (draw[None, :] >= weights[:, group]).sum(axis=0).clip(max=len(HOME_CODES) - 1)


def _orientations(
    facts: Facts, rng: np.random.Generator, rows: Array, home: int, triage: Array
) -> tuple[Array, Array]:
    """Return the orientation, empty at home, and whether the patient left before being seen."""
    unit = facts.segments.loc[facts.segments["rank"] == 1, "unit"].cat.codes.to_numpy()[rows]
    goes = np.array([ORIENTATION.get(name, "MED") for name in UNITS], dtype=object)[unit]
    draw = rng.random(home)
    light = triage[len(rows) :] >= 3
    away = (draw < 0.05) & light
    other = np.select(
        [away, (draw > 0.99), (draw > 0.985), (draw > 0.97) & light],
        ["PSA", "SCAM", "FUGUE", "REO"],
        "",
    ).astype(object)
    return np.concatenate([goes, other]), np.concatenate([np.zeros(len(rows), bool), away])


def make_emergency_visits(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `emergency_visits`."""
    rng = stream(seed, "emergency_visits")
    stays = facts.stays
    rows = np.flatnonzero(stays["emergency"].to_numpy())
    who, begin, end = _home_visits(facts, rng)
    patient = np.concatenate([stays["patient"].to_numpy()[rows], who])
    arrival = np.concatenate([_minutes(stays["arrival_at"].iloc[rows]), begin])
    leave = np.concatenate([_minutes(stays["entry_at"].iloc[rows]), end])
    site = facts.patients["site"].to_numpy()[patient]
    acuity = _acuity(facts, rng, rows, len(who))
    triage = (acuity[:, None] < np.array(TRIAGE_FROM)).sum(axis=1)
    delay = facts.sites["emergency_delay"].to_numpy()[site]
    seen, contact, decision = _times(rng, triage, arrival, leave, delay)
    goes, away = _orientations(facts, rng, rows, len(who), triage)
    moments = arrival.astype("datetime64[m]").astype("datetime64[s]")
    age = age_years(facts.patients["birth_date"].to_numpy()[patient], moments)
    frame = _frame(facts, patient, rows, len(who), site)
    for name, value in (
        ("arrival_at", arrival),
        ("triage_at", seen),
        ("first_contact_at", contact),
        ("decision_at", decision),
        ("exit_at", leave),
    ):
        frame[name] = value.astype("datetime64[m]").astype("datetime64[s]")
    frame.loc[away, ["first_contact_at", "decision_at"]] = pd.NaT
    frame["age"] = age
    _assess(frame, rng, triage, away)
    at_home = np.array([row[0] for row in HOME_CODES], dtype=object)[
        _home_codes(rng, age[len(rows) :])
    ]
    frame["dp"] = pd.Series(np.concatenate([_stay_codes(facts)[rows], at_home]), dtype="str")
    frame["dp"] = frame["dp"].where(~away)
    stayed = np.arange(len(patient)) < len(rows)
    frame["exit_mode"] = pd.Series(np.where(stayed, "6", "8").astype(object), dtype="str")
    frame["orientation"] = pd.Series(goes, dtype="str").where(goes != "")
    order = np.lexsort((patient, arrival))
    frame = frame.iloc[order].reset_index(drop=True)
    number = np.char.mod("U%08d", np.arange(1, len(frame) + 1))
    frame["visit_id"] = pd.Series(number, dtype="str")
    return frame[[column.name for column in TABLES[0].columns]]


def _frame(facts: Facts, patient: Array, rows: Array, home: int, site: Array) -> pd.DataFrame:
    stay = facts.stays["stay_id"].to_numpy().astype(object)[rows]
    none = np.full(home, None, dtype=object)
    return pd.DataFrame(
        {
            "patient_id": facts.patients["patient_id"].take(patient).reset_index(drop=True),
            "site_id": facts.sites["site_id"].take(site).reset_index(drop=True),
            "stay_id": pd.Series(np.concatenate([stay, none]), dtype="str"),
        }
    )


def _assess(frame: pd.DataFrame, rng: np.random.Generator, triage: Array, away: Array) -> None:
    """Add the triage, the gravity that the physician sees and the way of coming."""
    frame["triage"] = pd.Categorical.from_codes(triage, categories=list(TRIAGE), ordered=True)
    ccmu = np.array([5, 4, 3, 3, 2, 1])[triage]
    shifted = ccmu + rng.choice(np.array([-1, 0, 0, 0, 0, 1]), len(ccmu))
    frame["ccmu"] = pd.Series(shifted.clip(1, 5)).astype("Int64").where(~pd.Series(away))
    limits = np.where((triage <= 1)[:, None], np.cumsum(RIDE_URGENT), np.cumsum(RIDE))
    ride = (rng.random(len(triage))[:, None] >= limits).sum(axis=1).clip(max=3)
    frame["transport"] = pd.Categorical.from_codes(ride, categories=list(TRANSPORT))


def _stay_codes(facts: Facts) -> Array:
    """Return the usual principal diagnosis of each stay's case: the emergency department's."""
    usual = np.array([max(one.dp, key=lambda pair: pair[1])[0] for one in CASES], dtype=object)
    return np.asarray(usual[facts.stays["case"].cat.codes.to_numpy()])


TABLES: Final = (
    Table(
        "emergency_visits",
        "Passages aux urgences, à la manière des RPU",
        "Visits to the emergency department, RPU-like",
        (
            Column(
                "visit_id", "str", "number, by arrival", key="primary", french="numéro, par arrivée"
            ),
            Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
            Column("site_id", "str", "site", french="site"),
            Column(
                "stay_id",
                "str",
                "the stay that follows, else missing",
                key="stays.stay_id",
                french="le séjour qui suit, sinon absent",
            ),
            Column(
                "age", "int", "completed years at arrival", "years", french="âge révolu à l'arrivée"
            ),
            Column("arrival_at", "datetime", "registration", french="enregistrement"),
            Column(
                "transport",
                "category",
                "PERSO, AMBU, VSAB (fire brigade), SMUR (mobile ICU)",
                french="PERSO personnel, AMBU ambulance, VSAB pompiers, SMUR",
            ),
            Column(
                "triage_at",
                "datetime",
                "triage by the nurse",
                french="tri par l'infirmier d'accueil",
            ),
            Column(
                "triage",
                "category",
                "FRENCH scale, 1 (most urgent), 2, 3A, 3B, 4, 5",
                french="échelle FRENCH, de 1 (le plus urgent) à 5 : 1, 2, 3A, 3B, 4, 5",
            ),
            Column(
                "first_contact_at",
                "datetime",
                "first physician; missing if left unseen",
                french="premier contact médical ; absent si parti sans attendre",
            ),
            Column(
                "ccmu",
                "Int64",
                "CCMU 1 to 5 (gravest); missing if left unseen",
                french="CCMU de 1 à 5 (le plus grave) ; absente si parti sans attendre",
            ),
            Column(
                "dp",
                "str",
                "principal diagnosis, CIM-10; missing if left unseen",
                french="diagnostic principal, CIM-10 ; absent si parti sans attendre",
            ),
            Column(
                "decision_at",
                "datetime",
                "decision to admit or discharge",
                french="décision d'hospitaliser ou de laisser sortir",
            ),
            Column(
                "exit_at",
                "datetime",
                "exit; the entry of the stay, if one follows",
                french="sortie ; l'entrée du séjour s'il y en a un",
            ),
            Column(
                "exit_mode",
                "str",
                "6 admitted here (mutation), 8 home",
                french="6 mutation (hospitalisé ici), 8 domicile",
            ),
            Column(
                "orientation",
                "str",
                "UHCD, MED, CHIR, OBST, SI, REA; PSA left unseen, SCAM against advice, FUGUE "
                "absconded, REO redirected; missing at home",
                french="UHCD, MED, CHIR, OBST, SI, REA ; PSA parti sans attendre, SCAM contre avis "
                "médical, FUGUE, REO réorienté ; absente au domicile",
            ),
        ),
        make_emergency_visits,
    ),
)
