"""The extract that a study asks for: stays of the virtual hospital, identities still in it.

Two tables of one hospital write the same NIR in two ways, as their software does; clerks leave
names, dates and telephone numbers in the comments; some patients came without papers. A
directory says what somebody outside may know. All of it is synthetic; whose row each row is
stands in `StudyExtract.truth`.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from health_datasets.seeding import stream, whole_number
from health_datasets.virtual_hospital import Hospital, hospital
from health_datasets.virtual_hospital.streams import LARGEST_SEED

FEWEST_PATIENTS, MOST_PATIENTS = 100, 100_000
# shares of the rows: nir absent (stays, visits), stay still open, birth date unknown
NO_NIR, OPEN, NO_BIRTH_DATE = 0.02, 0.01, 0.005
NO_BREAK: Final = "\u00a0"
NOTATIONS: Final = {
    "stays": ("plain", "spaces", "no_key"),
    "visits": ("lower_case", "no_break_spaces", "no_key", "around"),
}
# the telephone numbers are among those that ARCEP keeps for works of fiction
COMMENTS: Final = (
    *("", "", "", "RAS", "Chambre seule souhaitée", "Transport VSL à prévoir"),
    "{civility} {name}, né(e) le {birth:%d/%m/%Y}",
    "Prévenir la famille {name} au 06 39 98 {a:02d} {b:02d}",
    "Dossier du {birth:%d/%m/%Y} à rapprocher, NIR {nir}",
)


@dataclass(frozen=True)
class StudyExtract:
    """What the hospital's software gives before anything is done for privacy.

    Attributes:
        stays: one row per stay, in the order of entry. `stay_id`, `patient_id`, `nir` (text,
            written in several ways; missing for some), `birth_name`, `first_name`, `sex`,
            `birth_date` (missing for some), `birth_department`, `entry_at`, `exit_at`
            (missing while the stay is open), `unit` (first medical unit), `exit_mode`
            (`"8"`: home; missing while the stay is open), `comment` (free text).
        visits: one row per visit to the emergency department, in the order of arrival:
            `visit_id`, `patient_id`, `nir` (in other notations), `arrival_at`, `triage`
            (1 to 5), `comment`.
        directory: what somebody outside may know, one row per person, patients or not:
            `person`, `name`, `sex`, `birth_date` (missing for some), `birth_department`.
        truth: one row per row of `directory`: `person` and `patient_id`, the patient that this
            person is, missing for who is no patient.
    """

    stays: pd.DataFrame
    visits: pd.DataFrame
    directory: pd.DataFrame
    truth: pd.DataFrame


def _written(nir: str, notation: str) -> str:
    """Return the 15 characters of `nir` as a piece of software writes them."""
    cuts = (0, 1, 3, 5, 7, 10, 13, 15)
    parts = [nir[start:end] for start, end in pairwise(cuts)]
    return {
        "plain": nir,
        "spaces": " ".join(parts),
        "no_key": nir[:13],
        "lower_case": nir.lower(),
        "no_break_spaces": NO_BREAK.join(parts),
        "around": f" {nir} ",
    }[notation]


def _identity(table: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    """Return the patient of each row of `table`, on the same index."""
    rows = patients.set_index("patient_id").loc[table["patient_id"]]
    return rows.set_axis(table.index)


def _nir_and_comment(who: pd.DataFrame, name: str, seed: int) -> tuple[pd.Series, pd.Series]:
    """Return the columns `nir` and `comment` of the rows of the patients `who`."""
    rng = stream(seed, f"study-{name}")
    notations = NOTATIONS[name]
    chosen = rng.integers(0, len(notations), len(who))
    nir = pd.Series(
        [_written(text, notations[i]) for text, i in zip(who["nir"], chosen, strict=True)],
        index=who.index,
        dtype="str",
    )
    texts = []
    drawn = rng.integers(0, (len(COMMENTS), 100, 100), (len(who), 3))
    for person, (i, a, b) in zip(who.itertuples(), drawn, strict=True):
        civility = "M." if person.sex == "M" else "Mme"
        known = {"name": person.used_name, "birth": person.birth_date, "nir": person.nir}
        texts.append(COMMENTS[i].format(civility=civility, a=a, b=b, **known))
    absent = rng.random(len(who)) < NO_NIR
    return nir.mask(absent), pd.Series(texts, index=who.index, dtype="str").mask(absent, "")


def _stays(source: Hospital, seed: int) -> pd.DataFrame:
    stays = source.stays.sort_values(["entry_at", "stay_id"], ignore_index=True)
    who = _identity(stays, source.patients)
    rng = stream(seed, "study-gaps")
    still_open = rng.random(len(stays)) < OPEN
    no_birth_date = rng.random(len(stays)) < NO_BIRTH_DATE
    nir, comment = _nir_and_comment(who, "stays", seed)
    return pd.DataFrame(
        {
            "stay_id": stays["stay_id"],
            "patient_id": stays["patient_id"],
            "nir": nir,
            "birth_name": who["birth_name"],
            "first_name": who["first_name"],
            "sex": who["sex"],
            "birth_date": who["birth_date"].mask(no_birth_date),
            "birth_department": who["birth_place_code"].str[:2],
            "entry_at": stays["entry_at"],
            "exit_at": stays["exit_at"].mask(still_open),
            "unit": stays["first_unit"].astype("str"),
            "exit_mode": stays["exit_mode"].mask(still_open),
            "comment": comment,
        }
    )


def _visits(source: Hospital, seed: int) -> pd.DataFrame:
    visits = source.emergency_visits.sort_values(["arrival_at", "visit_id"], ignore_index=True)
    nir, comment = _nir_and_comment(_identity(visits, source.patients), "visits", seed)
    kept = visits[["visit_id", "patient_id", "arrival_at", "triage"]].assign(comment=comment)
    kept.insert(2, "nir", nir)
    return kept


def _directory(source: Hospital, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return half of the patients with as many people who are none, and who is who."""
    rng = stream(seed, "study-directory")
    number = len(source.patients) // 2
    others = hospital(patients=len(source.patients), seed=(seed + 1) % LARGEST_SEED).patients
    known = source.patients.loc[rng.permutation(len(source.patients))[:number]]
    people = pd.concat([known, others.head(number).assign(patient_id=None)])
    people = people.iloc[rng.permutation(len(people))].reset_index(drop=True)
    person = pd.Series(np.char.mod("A%06d", np.arange(1, len(people) + 1)), dtype="str")
    directory = pd.DataFrame(
        {
            "person": person,
            "name": people["first_name"] + " " + people["used_name"],
            "sex": people["sex"],
            "birth_date": people["birth_date"].mask(rng.random(len(people)) < NO_NIR),
            "birth_department": people["birth_place_code"].str[:2],
        }
    )
    return directory, pd.DataFrame({"person": person, "patient_id": people["patient_id"]})


def study_extract(seed: int, patients: int = 2_000) -> StudyExtract:
    """Return the extract that a study asks for, with every identity still in it.

    Args:
        seed: decides everything; from 0 to the largest seed of `hospital`.
        patients: patients of the hospital that the extract is taken from; about 1.2 stays each.

    Raises:
        ValueError: a seed or a number of patients out of bounds.
    """
    seed = whole_number("seed", seed, 0, LARGEST_SEED)
    patients = whole_number("patients", patients, FEWEST_PATIENTS, MOST_PATIENTS)
    source = hospital(patients=patients, seed=seed)
    directory, truth = _directory(source, seed)
    return StudyExtract(_stays(source, seed), _visits(source, seed), directory, truth)
