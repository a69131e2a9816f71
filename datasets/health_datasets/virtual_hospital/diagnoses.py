"""What each stay is coded with, and what it could have been coded with.

The true diagnoses of a stay are its case, the patient's comorbidities, and what a deterioration
brought; a site codes each associated one with its own probability (`Site.das_coding`, changed
by the drift).
"""

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.cases import (
    CASE_OF,
    CASES,
    CODES,
    COMORBIDITIES,
    COMORBIDITY_CODES,
)
from health_datasets.virtual_hospital.equations import Array
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.sites import DRIFT
from health_datasets.virtual_hospital.streams import stream

# a comorbidity that the case itself says, under a more precise code
SAID_BY_CASE: Final = {
    "heart_failure": ("heart_failure",),
    "copd": ("copd",),
    "atrial_fibrillation": ("atrial_fibrillation",),
    "diabetes": ("diabetes",),
    "cancer": ("chemotherapy",),
}
# always coded: the outcome of a delivery
ALWAYS: Final = ("Z37.0",)
# these deteriorations cannot be a principal diagnosis (ATIH table)
NEVER_PRINCIPAL: Final = ("T81.4",)
# completed years below which an associated diagnosis of a case is not made (assumption)
LEAST_AGE: Final = {"F10.2": 15, "F17.2": 15, "F32.9": 12, "Z92.1": 18}
CODE_LIST: Final = tuple(CODES)
CODE_OF: Final = {code: position for position, code in enumerate(CODE_LIST)}

_known: WeakKeyDictionary[Facts, pd.DataFrame] = WeakKeyDictionary()


def true_diagnoses(facts: Facts) -> pd.DataFrame:
    """Return every true diagnosis of every stay, coded or not.

    Returns:
        One row a stay and code, ordered by stay, role and code: `stay` (position), `role`
        (`DP`, `DR`, `DAS`), `code`, `because` (`case`, `comorbidity`, `deterioration`),
        `coded` (bool), `rank` (of the medical unit that carries it; 0 for DP and DR, which
        every unit carries).
    """
    if facts not in _known:
        _known[facts] = _draw(facts)
    return _known[facts].copy(deep=False)


def _principal(facts: Facts, rng: np.random.Generator) -> Array:
    """Return the position in `CODE_LIST` of the principal diagnosis of each stay."""
    stays = facts.stays
    case = stays["case"].cat.codes.to_numpy()
    draw = rng.random(len(stays))
    result = np.zeros(len(stays), dtype="int64")
    for position, one in enumerate(CASES):
        rows = np.flatnonzero(case == position)
        limits = np.cumsum([share for _, share in one.dp])
        choice = np.searchsorted(limits, draw[rows], side="right").clip(max=len(limits) - 1)
        result[rows] = np.array([CODE_OF[code] for code, _ in one.dp])[choice]
    # type 1 for the young who have no type 2 diabetes, type 2 for the others
    diabetes = case == CASE_OF["diabetes"]
    type_2 = facts.patients["diabetes"].to_numpy()[stays["patient"]]
    young = diabetes & ~type_2 & (stays["age"].to_numpy() < 40)
    older = diabetes & ~young & (result == CODE_OF["E10.1"])
    result[young], result[older] = CODE_OF["E10.1"], CODE_OF["E11.68"]
    return result


def _associated(facts: Facts, rng: np.random.Generator) -> list[tuple[Array, Array, int]]:
    """Return the associated diagnoses as (stays, codes, reason) with possible repeats.

    Reasons: 0 a deterioration, 1 the case, 2 a comorbidity.
    """
    stays, patients = facts.stays, facts.patients
    case = stays["case"].cat.codes.to_numpy()
    age = stays["age"].to_numpy()
    parts: list[tuple[Array, Array, int]] = []
    worse = np.array([CODE_OF[one.worse] for one in CASES])
    rows = np.flatnonzero(stays["deteriorates_at"].notna().to_numpy())
    parts.append((rows, worse[case[rows]], 0))
    for position, one in enumerate(CASES):
        rows = np.flatnonzero(case == position)
        for code, share in one.das:
            old_enough = age[rows] >= LEAST_AGE.get(code, 0)
            some = rows[(rng.random(len(rows)) < share) & old_enough]
            parts.append((some, np.full(len(some), CODE_OF[code]), 1))
    patient = stays["patient"].to_numpy()
    for name in COMORBIDITIES:
        said = [CASE_OF[key] for key in SAID_BY_CASE.get(name, ())]
        rows = np.flatnonzero(patients[name].to_numpy()[patient] & ~np.isin(case, said))
        if name == "cancer":
            codes = patients["cancer_code"].map(CODE_OF).fillna(0).to_numpy().astype("int64")
            parts.append((rows, codes[patient[rows]], 2))
        else:
            parts.append((rows, np.full(len(rows), CODE_OF[COMORBIDITY_CODES[name]]), 2))
    return parts


def _related(facts: Facts) -> tuple[Array, Array]:
    """Return the stays with a related diagnosis (sessions), and its code."""
    stays = facts.stays
    rows = np.flatnonzero((stays["case"] == "chemotherapy").to_numpy())
    cancer = facts.patients["cancer_code"].map(CODE_OF).fillna(0).to_numpy().astype("int64")
    return rows, cancer[stays["patient"].to_numpy()[rows]]


def _draw(facts: Facts) -> pd.DataFrame:
    rng = stream(facts.seed, "diagnoses")
    stays = facts.stays
    principal = _principal(facts, rng)
    parts = _associated(facts, rng)
    stay = np.concatenate([rows for rows, _, _ in parts])
    code = np.concatenate([codes for _, codes, _ in parts])
    reason = np.concatenate([np.full(len(rows), why) for rows, _, why in parts])
    # a code once a stay, by its first reason, and never the principal one
    first = np.lexsort((reason, code, stay))
    stay, code, reason = stay[first], code[first], reason[first]
    new = np.ones(len(stay), dtype=bool)
    new[1:] = (stay[1:] != stay[:-1]) | (code[1:] != code[:-1])
    new &= code != principal[stay]
    stay, code, reason = stay[new], code[new], reason[new]
    rate = facts.sites["das_coding"].to_numpy()[stays["site"]]
    rate = np.where(stays["drifted"], rate * DRIFT.das_coding, rate).clip(max=1)
    coded = rng.random(len(stay)) < rate[stay]
    coded |= np.isin(code, [CODE_OF[one] for one in ALWAYS])
    units = np.bincount(facts.segments["stay"], minlength=len(stays))
    rank = 1 + (rng.random(len(stay)) * units[stay]).astype("int64")
    related, cancer = _related(facts)
    everyone = np.arange(len(stays))
    role = np.repeat([0, 1, 2], [len(everyone), len(related), len(stay)])
    nothing = np.zeros(len(everyone) + len(related), dtype="int64")
    table = pd.DataFrame(
        {
            "stay": np.concatenate([everyone, related, stay]),
            "role": pd.Categorical.from_codes(role, categories=["DP", "DR", "DAS"]),
            "code": np.concatenate([principal, cancer, code]),
            "because": pd.Categorical.from_codes(
                np.concatenate([nothing + 1, reason]),
                categories=["deterioration", "case", "comorbidity"],
            ),
            "coded": np.concatenate([nothing == 0, coded]),
            "rank": np.concatenate([nothing, rank]),
        }
    )
    order = np.lexsort((table["code"], role, table["stay"]))
    table = table.iloc[order].reset_index(drop=True)
    table["code"] = pd.Categorical.from_codes(table["code"], categories=list(CODE_LIST))
    return table
