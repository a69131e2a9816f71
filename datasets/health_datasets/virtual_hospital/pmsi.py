"""The tables of the PMSI: `stays`, `rum` and `diagnoses`.

Codes of entry and exit are those of the ATIH's methodological guide for MCO, as it was before
2025 (since then the passage through an emergency department is a variable of its own):

- entry mode: 8 from home, 7 transfer from another establishment, N birth in the hospital, and
  between two units of a stay 6 (mutation);
- provenance: 5 through the emergency department of the establishment (with mode 8), 7 from a
  nursing home (with mode 8), 1 from acute care (with 6 and 7), R from intensive care;
- exit mode: 8 home, 7 transfer to another establishment, 6 mutation to another unit or field
  of the same establishment, 9 death; 0 (transfer for a procedure elsewhere) is not generated;
- destination: 1 acute care, 2 rehabilitation (SMR), 6 hospital at home (HAD), 7 nursing home
  (with mode 8).

Who leaves for where is assumption. A level of the GHM-like group grows with the *coded*
associated diagnoses, so that coding habits change it, as in life.
"""

from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.cases import CASES
from health_datasets.virtual_hospital.diagnoses import (
    CODE_LIST,
    CODE_OF,
    NEVER_PRINCIPAL,
    true_diagnoses,
)
from health_datasets.virtual_hospital.equations import Array, logistic
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import Column, Table, table

ENTRY_MODES: Final = {
    "6": ("mutation", "mutation from another unit of the establishment"),
    "7": ("transfert", "transfer from another establishment"),
    "8": ("domicile", "from home or what stands for it"),
    "N": ("naissance", "birth in the hospital"),
}
EXIT_MODES: Final = {
    "6": ("mutation", "mutation to another unit of the establishment"),
    "7": ("transfert", "transfer to another establishment"),
    "8": ("domicile", "home or what stands for it"),
    "9": ("décès", "death"),
}
# log-odds of rehabilitation after these cases; others by age alone
REHABILITATION: Final = {"hip_fracture": 0.6, "stroke": 0.0, "knee_replacement": -0.7, "fall": -0.8}
# coded associated diagnoses from which the level of the group is 2, 3, 4
LEVELS: Final = (2, 4, 6)


def coded_count(facts: Facts) -> Array:
    """Return the number of coded associated diagnoses of each stay."""
    found = true_diagnoses(facts)
    rows = found["stay"][(found["role"] == "DAS") & found["coded"]]
    return np.bincount(rows, minlength=len(facts.stays))


def groups(facts: Facts) -> pd.Series:
    """Return the GHM-like group of each stay: its name and level, `J` for a stay of a day."""
    stays = facts.stays
    level = np.searchsorted(np.array(LEVELS), coded_count(facts), side="right") + 1
    level = np.where(stays["night"], level, 0)
    texts = np.array(
        [[f"{one.group}-{mark}" for mark in ("J", "1", "2", "3", "4")] for one in CASES],
        dtype=object,
    )
    return pd.Series(texts[stays["case"].cat.codes.to_numpy(), level], dtype="str")


def _text(values: Array) -> pd.Series:
    """Return codes as text, the empty one as missing."""
    series = pd.Series(values.astype(object), dtype="str")
    return series.where(series != "")


def _entries(facts: Facts, rng: np.random.Generator) -> tuple[Array, Array]:
    stays = facts.stays
    n = len(stays)
    emergency = stays["emergency"].to_numpy()
    frailty = facts.patients["frailty"].to_numpy()[stays["patient"]]
    moved = stays["elective"].to_numpy() & stays["night"].to_numpy() & (rng.random(n) < 0.03)
    home = ~emergency & ~moved & (rng.random(n) < 0.25 * frailty)
    mode = np.where(moved, "7", np.where(stays["case"] == "newborn", "N", "8"))
    came = np.where(emergency, "5", np.where(moved, "1", np.where(home & (mode == "8"), "7", "")))
    return mode, came


def _exits(facts: Facts, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw the mode of exit and the destination of each stay."""
    stays = facts.stays
    n = len(stays)
    frailty = facts.patients["frailty"].to_numpy()[stays["patient"]]
    dementia = facts.patients["dementia"].to_numpy()[stays["patient"]]
    case = np.array([REHABILITATION.get(one.key, -3.2) for one in CASES])
    odds = case[stays["case"].cat.codes.to_numpy()] + 2.5 * (frailty - 0.1)
    whole = stays["night"].to_numpy() & (stays["age"].to_numpy() >= 15)
    whole &= (stays["case"] != "delivery").to_numpy()
    draw = rng.random(n)
    rehabilitation = whole & (draw < logistic(odds))
    other = whole & ~rehabilitation & (draw > 0.985)
    at_home = whole & ~rehabilitation & ~other & (draw > 0.97)
    nursing = whole & (rng.random(n) < np.where(dementia, 0.45, 0.25 * frailty))
    nursing &= ~(rehabilitation | other | at_home)
    inside = rng.random(n) < 0.4
    mode = np.where((rehabilitation & ~inside) | other | at_home, "7", "8")
    mode = np.where(rehabilitation & inside, "6", mode)
    goes = np.select([rehabilitation, other, at_home, nursing], ["2", "1", "6", "7"], "")
    dies = stays["dies"].to_numpy()
    return np.where(dies, "9", mode), np.where(dies, "", goes)


def make_stays(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `stays`."""
    rng = stream(seed, "stays")
    stays = facts.stays
    mode, came = _entries(facts, rng)
    leaves, goes = _exits(facts, rng)
    first = facts.segments[facts.segments["rank"] == 1]
    length = (stays["exit_at"] - stays["entry_at"]).dt.total_seconds() / 86_400
    nights = (stays["exit_at"].dt.normalize() - stays["entry_at"].dt.normalize()).dt.days
    return pd.DataFrame(
        {
            "stay_id": stays["stay_id"],
            "patient_id": facts.patients["patient_id"].take(stays["patient"]).to_numpy(),
            "site_id": facts.sites["site_id"].take(stays["site"]).to_numpy(),
            "entry_at": stays["entry_at"],
            "exit_at": stays["exit_at"],
            "entry_mode": pd.Series(mode.astype(object), dtype="str"),
            "provenance": _text(came),
            "exit_mode": pd.Series(leaves.astype(object), dtype="str"),
            "destination": _text(goes),
            "age": stays["age"],
            "length_days": length.round(4),
            "nights": nights,
            "first_unit": first["unit"].reset_index(drop=True),
            "units": np.bincount(facts.segments["stay"], minlength=len(stays)),
            "group": groups(facts),
        }
    ).astype({"patient_id": "str", "site_id": "str"})


def rum_identifiers(facts: Facts) -> pd.Series:
    """Return the key of each row of `facts.segments`: the stay's and its rank."""
    segments = facts.segments
    stay = facts.stays["stay_id"].take(segments["stay"]).reset_index(drop=True)
    return stay + "-" + pd.Series(segments["rank"].astype("str").to_numpy(), dtype="str")


def _principal_of_units(facts: Facts, found: pd.DataFrame) -> pd.Series:
    """Return the DP of each unit: the stay's; in intensive care, what led there."""
    segments, stays = facts.segments, facts.stays
    principal = found["code"][found["role"] == "DP"].cat.codes.to_numpy()
    code = principal[segments["stay"]]
    worse = np.array([CODE_OF[one.worse] for one in CASES])
    allowed = np.array([one.worse not in NEVER_PRINCIPAL for one in CASES])
    case = stays["case"].cat.codes.to_numpy()[segments["stay"]]
    since = stays["deteriorates_at"].to_numpy()[segments["stay"]]
    led = (segments["unit"] == "REA").to_numpy() & (segments["entry_at"].to_numpy() > since)
    code = np.where(led & allowed[case], worse[case], code)
    return pd.Series(np.array(CODE_LIST, dtype=object)[code], dtype="str")


def _joined(facts: Facts, found: pd.DataFrame, principal: pd.Series) -> pd.Series:
    """Return the coded associated diagnoses of each unit, not its DP, as text: `I10;E11.98`."""
    chosen = found[(found["role"] == "DAS") & found["coded"]]
    start = np.searchsorted(facts.segments["stay"], np.arange(len(facts.stays)), side="left")
    row = start[chosen["stay"]] + chosen["rank"].to_numpy() - 1
    code = chosen["code"].to_numpy().astype(object)
    kept = code != principal.to_numpy().astype(object)[row]
    row, code = row[kept], code[kept]
    order = np.argsort(row, kind="stable")
    row, code = row[order], code[order]
    limits = np.searchsorted(row, np.arange(len(facts.segments) + 1))
    texts = [";".join(code[a:b]) for a, b in pairwise(limits)]
    return pd.Series(texts, dtype="str").where(np.diff(limits) > 0)


def make_rum(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `rum`."""
    segments = facts.segments
    found = true_diagnoses(facts)
    stays = table(facts, "stays")
    stay = segments["stay"].to_numpy()
    first = (segments["rank"] == 1).to_numpy()
    last = segments["rank"].to_numpy() == stays["units"].to_numpy()[stay]
    after_care = np.zeros(len(segments), dtype=bool)
    after_care[1:] = (segments["unit"] == "REA").to_numpy()[:-1]

    def of_stay(name: str) -> pd.Series:
        return stays[name].take(stay).reset_index(drop=True)

    principal = _principal_of_units(facts, found)
    related = np.full(len(facts.stays), None, dtype=object)
    rows = found[found["role"] == "DR"]
    related[rows["stay"]] = rows["code"].to_numpy().astype(object)
    return pd.DataFrame(
        {
            "rum_id": rum_identifiers(facts),
            "stay_id": of_stay("stay_id"),
            "rank": segments["rank"],
            "unit": segments["unit"],
            "entry_at": segments["entry_at"],
            "exit_at": segments["exit_at"],
            "entry_mode": of_stay("entry_mode").where(first, "6"),
            "provenance": of_stay("provenance").where(
                first, pd.Series(np.where(after_care, "R", "1").astype(object), dtype="str")
            ),
            "exit_mode": of_stay("exit_mode").where(last, "6"),
            "destination": of_stay("destination").where(last, "1"),
            "dp": principal,
            "dr": pd.Series(related[stay], dtype="str"),
            "das": _joined(facts, found, principal),
        }
    )


def make_diagnoses(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `diagnoses`: the codes of `rum`, one a row."""
    rum = table(facts, "rum")
    parts = []
    for role in ("dp", "dr", "das"):
        some = rum[["rum_id", "stay_id", role]].dropna().rename(columns={role: "code"})
        if role == "das":
            some["code"] = some["code"].str.split(";")
            some = some.explode("code")
        parts.append(some.assign(role=role.upper(), order=some.index))
    codes = pd.concat(parts).sort_values("order", kind="stable").reset_index(drop=True)
    codes["code"] = pd.Categorical(codes["code"], categories=list(CODE_LIST))
    codes["role"] = pd.Categorical(codes["role"], categories=["DP", "DR", "DAS"])
    return codes[["rum_id", "stay_id", "role", "code"]]


def _codes(meanings: dict[str, tuple[str, str]]) -> str:
    return ", ".join(f"{code} {english}" for code, (_, english) in meanings.items())


_PROVENANCE: Final = "5 emergency department, 7 nursing home, 1 acute care, R intensive care"
_DESTINATION: Final = "1 acute care, 2 rehabilitation, 6 hospital at home, 7 nursing home"

TABLES: Final = (
    Table(
        "stays",
        "Séjours (RSS) : entrée, sortie, groupe « façon GHM »",
        "Stays (RSS): entry, exit, GHM-like group",
        (
            Column(
                "stay_id",
                "str",
                "number of the stay (NDA)",
                key="primary",
                french="numéro du séjour (NDA)",
            ),
            Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
            Column("site_id", "str", "site", french="site"),
            Column(
                "entry_at",
                "datetime",
                "entry into the first medical unit",
                french="entrée dans la première unité médicale",
            ),
            Column(
                "exit_at",
                "datetime",
                "exit from the last one, or death",
                french="sortie de la dernière, ou décès",
            ),
            Column(
                "entry_mode",
                "str",
                _codes(ENTRY_MODES),
                french="6 mutation, 7 transfert, 8 domicile, N naissance",
            ),
            Column(
                "provenance",
                "str",
                f"{_PROVENANCE}; missing from home",
                french="5 urgences, 7 hébergement médico-social, 1 MCO, R "
                "réanimation ; absente du domicile",
            ),
            Column(
                "exit_mode",
                "str",
                _codes(EXIT_MODES),
                french="6 mutation, 7 transfert, 8 domicile, 9 décès",
            ),
            Column(
                "destination",
                "str",
                f"{_DESTINATION}; missing to home or at death",
                french="1 MCO, 2 SMR, 6 HAD, 7 hébergement médico-social ; "
                "absente au domicile ou au décès",
            ),
            Column(
                "age", "int", "completed years at entry", "years", french="âge révolu à l'entrée"
            ),
            Column(
                "length_days",
                "float",
                "time from entry to exit",
                "days",
                french="durée de l'entrée à la sortie",
            ),
            Column(
                "nights",
                "int",
                "midnights between entry and exit",
                "nights",
                french="nuits passées (minuits)",
            ),
            Column(
                "first_unit", "category", "first medical unit", french="première unité médicale"
            ),
            Column(
                "units",
                "int",
                "medical units gone through, rows of rum",
                "units",
                french="unités médicales traversées, soit les lignes de rum",
            ),
            Column(
                "group",
                "str",
                "GHM-like: CMD, kind, name of our own, level 1-4 or J (day)",
                french="façon GHM : CMD, type, nom à nous, niveau 1 à 4 ou J (journée)",
            ),
        ),
        make_stays,
    ),
    Table(
        "rum",
        "Résumés d'unité médicale, enchaînés au sein du séjour",
        "Medical unit summaries, chained within the stay",
        (
            Column("rum_id", "str", "stay and rank", key="primary", french="séjour et rang"),
            Column("stay_id", "str", "stay", key="stays.stay_id", french="séjour"),
            Column(
                "rank",
                "int",
                "order in the stay, from 1",
                french="ordre dans le séjour, à partir de 1",
            ),
            Column(
                "unit",
                "category",
                "medical unit, a key of cases.UNITS",
                french="unité médicale, une clé de cases.UNITS",
            ),
            Column(
                "entry_at",
                "datetime",
                "entry into the unit: the exit from the one before",
                french="entrée dans l'unité : la sortie de la précédente",
            ),
            Column("exit_at", "datetime", "exit from the unit", french="sortie de l'unité"),
            Column(
                "entry_mode",
                "str",
                _codes(ENTRY_MODES),
                french="6 mutation, 7 transfert, 8 domicile, N naissance",
            ),
            Column(
                "provenance",
                "str",
                _PROVENANCE,
                french="5 urgences, 7 hébergement médico-social, 1 MCO, R réanimation",
            ),
            Column(
                "exit_mode",
                "str",
                _codes(EXIT_MODES),
                french="6 mutation, 7 transfert, 8 domicile, 9 décès",
            ),
            Column(
                "destination",
                "str",
                _DESTINATION,
                french="1 MCO, 2 SMR, 6 HAD, 7 hébergement médico-social",
            ),
            Column(
                "dp", "str", "principal diagnosis, CIM-10", french="diagnostic principal, CIM-10"
            ),
            Column(
                "dr",
                "str",
                "related diagnosis, CIM-10 (sessions), else missing",
                french="diagnostic relié, CIM-10 (séances), sinon absent",
            ),
            Column(
                "das",
                "str",
                "associated diagnoses that were coded, CIM-10, `;` between them",
                french="diagnostics associés significatifs codés, CIM-10, séparés par des `;`",
            ),
        ),
        make_rum,
    ),
    Table(
        "diagnoses",
        "Diagnostics codés, un par ligne",
        "Coded diagnoses, one a row",
        (
            Column(
                "rum_id",
                "str",
                "medical unit summary",
                key="rum.rum_id",
                french="résumé d'unité médicale",
            ),
            Column("stay_id", "str", "stay", key="stays.stay_id", french="séjour"),
            Column(
                "role",
                "category",
                "DP principal, DR related, DAS associated",
                french="DP principal, DR relié, DAS associé significatif",
            ),
            Column(
                "code",
                "category",
                "CIM-10; labels in cases.CODES",
                french="CIM-10 ; libellés dans cases.CODES",
            ),
        ),
        make_diagnoses,
    ),
)
