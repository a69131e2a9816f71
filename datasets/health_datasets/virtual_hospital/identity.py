"""The tables of people: `patients`, with an identity as in the INS, and `staff`. All invented.

The NIR is well formed and nobody's. Its digits say sex, year, month, department and commune of
birth, then the order number of the birth in that commune and month, which INSEE counts from
001: ours is always 000. The two digits of its key are right (97 less the 13 digits modulo 97,
2A and 2B of Corsica read as 19 and 18), so that a check of the key passes; a check of the
order number does not. The commune codes are drawn, and need not exist.

Names are short lists of our own, first names by period of birth (assumption).
"""

from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.cases import UNITS
from health_datasets.virtual_hospital.equations import Array
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import Column, Table

FAMILY_NAMES: Final = (
    *("Martin", "Bernard", "Thomas", "Petit", "Robert", "Richard", "Durand", "Dubois", "Moreau"),
    *("Laurent", "Simon", "Michel", "Lefebvre", "Leroy", "Roux", "David", "Bertrand", "Morel"),
    *("Fournier", "Girard", "Bonnet", "Dupont", "Lambert", "Fontaine", "Rousseau", "Vincent"),
    *("Muller", "Lefèvre", "Faure", "André", "Mercier", "Blanc", "Guérin", "Boyer", "Garnier"),
    *("Chevalier", "François", "Legrand", "Gauthier", "Garcia", "Perrin", "Robin", "Clément"),
    *("Morin", "Nicolas", "Henry", "Roussel", "Mathieu", "Gautier", "Masson", "Marchand"),
    *("Duval", "Denis", "Dumont", "Marie", "Lemaire", "Noël", "Meyer", "Dufour", "Meunier"),
    *("Brun", "Blanchard", "Giraud", "Joly", "Rivière", "Lucas", "Brunet", "Gaillard", "Barbier"),
    *("Arnaud", "Martinez", "Gérard", "Roche", "Renard", "Schmitt", "Roy", "Leroux", "Colin"),
    *("Vidal", "Caron", "Picard", "Roger", "Fabre", "Aubert", "Lemoine", "Renaud", "Dumas"),
    *("Benali", "Diallo", "Nguyen", "Da Silva", "Le Goff", "Traoré", "Haddad", "Lopez"),
    *("Le Gall", "D'Angelo", "Saint-Martin", "Kowalski", "Rodrigues", "Bouvier", "Prévost"),
)  # fmt: skip
# first year of each period, then names of girls and of boys
FIRST_NAMES: Final[tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...]] = (
    (
        1900,
        ("Marie", "Jeanne", "Marguerite", "Germaine", "Yvonne", "Denise", "Simone", "Madeleine"),
        ("Jean", "André", "Marcel", "René", "Louis", "Roger", "Pierre", "Georges"),
    ),
    (
        1935,
        ("Monique", "Jacqueline", "Françoise", "Nicole", "Michèle", "Christiane", "Danielle"),
        ("Michel", "Claude", "Jacques", "Bernard", "Gérard", "Daniel", "Jean-Pierre", "Alain"),
    ),
    (
        1955,
        ("Sylvie", "Catherine", "Martine", "Christine", "Brigitte", "Patricia", "Véronique"),
        ("Philippe", "Patrick", "Pascal", "Thierry", "Éric", "Christian", "Didier", "Bruno"),
    ),
    (
        1970,
        ("Nathalie", "Sandrine", "Stéphanie", "Céline", "Virginie", "Karine", "Valérie", "Émilie"),
        ("Christophe", "Stéphane", "David", "Nicolas", "Sébastien", "Frédéric", "Olivier"),
    ),
    (
        1985,
        ("Julie", "Aurélie", "Laura", "Marion", "Pauline", "Camille", "Élodie", "Fatima"),
        ("Thomas", "Julien", "Kévin", "Romain", "Maxime", "Alexandre", "Anthony", "Mohamed"),
    ),
    (
        2000,
        ("Léa", "Manon", "Chloé", "Emma", "Inès", "Sarah", "Clara", "Océane"),
        ("Lucas", "Hugo", "Théo", "Enzo", "Mathis", "Nathan", "Clément", "Yanis"),
    ),
    (
        2012,
        ("Jade", "Louise", "Alice", "Alba", "Rose", "Ambre", "Mila", "Romy"),
        ("Gabriel", "Raphaël", "Léo", "Louis", "Jules", "Adam", "Noah", "Maël"),
    ),
)
DEPARTMENTS: Final = (
    *(f"{number:02d}" for number in range(1, 96) if number != 20),
    *("2A", "2B"),
)
# where the patients of the hospital are born: these departments first (assumption)
LOCAL: Final = ("69", "38", "42", "01")
ROLES: Final = (
    ("physician", 0.2),
    ("resident", 0.1),
    ("nurse", 0.42),
    ("nursing_assistant", 0.22),
    ("secretary", 0.06),
)
EMERGENCY_UNIT: Final = "URG"
# staff of a unit at a site: at least so many, and one more for so many patients of the site
STAFF: Final = (12, 700)


def _take(values: tuple[str, ...], position: Array) -> Array:
    return np.array(values, dtype=object)[position]


def first_names(rng: np.random.Generator, year: Array, male: Array) -> Array:
    """Draw a first name in use in France in each year of birth."""
    periods = np.array([first for first, _, _ in FIRST_NAMES])
    period = np.searchsorted(periods, year, side="right").clip(1) - 1
    result = np.empty(len(year), dtype=object)
    draw = rng.random(len(year))
    for position, (_, girls, boys) in enumerate(FIRST_NAMES):
        for is_male, names in ((False, girls), (True, boys)):
            rows = np.flatnonzero((period == position) & (male == is_male))
            result[rows] = _take(names, (draw[rows] * len(names)).astype(int))
    return result


def _place(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Draw the department (position) and the number of the commune of birth."""
    local = np.array([DEPARTMENTS.index(name) for name in LOCAL])
    department = np.where(
        rng.random(n) < 0.6, local[rng.integers(0, 4, n)], rng.integers(0, len(DEPARTMENTS), n)
    )
    return department, rng.integers(1, 600, n)


def _number(sex: Array, month: Array, department: Array, commune: Array) -> Array:
    """Return the 13 digits as numbers, Corsica's letters replaced, for the key."""
    digits = np.array([19 if d == "2A" else 18 if d == "2B" else int(d) for d in DEPARTMENTS])
    value = (sex * 10_000 + month) * 100 + digits[department]
    return (value * 1000 + commune) * 1000


def _identities(rng: np.random.Generator, male: Array, birth: Array) -> tuple[pd.Series, pd.Series]:
    """Return the code of the place of birth and the NIR; no two patients share one."""
    n = len(male)
    months = birth.astype("datetime64[M]").astype("int64")
    month = (1970 + months // 12) % 100 * 100 + months % 12 + 1
    sex = np.where(male, 1, 2)
    department, commune = _place(rng, n)
    while True:
        key = (sex * 10_000 + month) * 10**6 + department * 1000 + commune
        again = np.ones(n, dtype=bool)
        again[np.unique(key, return_index=True)[1]] = False
        if not again.any():
            break
        department[again], commune[again] = _place(rng, int(again.sum()))
    check = 97 - _number(sex, month, department, commune) % 97
    names = _take(DEPARTMENTS, department)
    place = pd.Series(names, dtype="str") + pd.Series(np.char.mod("%03d", commune), dtype="str")
    head = pd.Series(np.char.mod("%05d", sex * 10_000 + month), dtype="str")
    tail = pd.Series(np.char.mod("000%02d", check), dtype="str")
    return place, head + place + tail


def make_patients(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `patients`."""
    rng = stream(seed, "patients")
    truth = facts.patients
    n = len(truth)
    male = (truth["sex"] == "M").to_numpy()
    birth = truth["birth_date"].to_numpy()
    year = birth.astype("datetime64[Y]").astype("int64") + 1970
    family = _take(FAMILY_NAMES, rng.integers(0, len(FAMILY_NAMES), n))
    mother = truth["mother"].to_numpy()
    family = np.where(mother >= 0, family[mother], family)
    first, second = first_names(rng, year, male), first_names(rng, year, male)
    several = (rng.random(n) < 0.45) & (first != second)
    married = ~male & (year < facts.start.year - 30) & (rng.random(n) < 0.5)
    other = _take(FAMILY_NAMES, rng.integers(0, len(FAMILY_NAMES), n))
    place, nir = _identities(rng, male, birth)
    first_text, second_text = pd.Series(first, dtype="str"), pd.Series(second, dtype="str")
    return pd.DataFrame(
        {
            "patient_id": truth["patient_id"],
            "site_id": facts.sites["site_id"].take(truth["site"]).reset_index(drop=True),
            "nir": nir,
            "birth_name": pd.Series(family, dtype="str"),
            "used_name": pd.Series(np.where(married, other, family), dtype="str"),
            "first_names": first_text.where(~several, first_text + " " + second_text),
            "first_name": first_text,
            "sex": truth["sex"],
            "birth_date": truth["birth_date"],
            "birth_place_code": place,
            "death_date": truth["death_at"].dt.normalize(),
        }
    )


def make_staff(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `staff`."""
    rng = stream(seed, "staff")
    units = (EMERGENCY_UNIT, *UNITS)
    patients = np.bincount(facts.patients["site"], minlength=len(facts.sites))
    least, each = STAFF
    number = least + patients // each
    site = np.repeat(np.arange(len(number)), number * len(units))
    unit = np.concatenate([np.repeat(np.arange(len(units)), count) for count in number])
    n = len(site)
    rank = np.concatenate([np.tile(np.arange(count), len(units)) for count in number])
    share = np.array([part for _, part in ROLES])
    # every unit has its physicians and nurses: ranks, not draws
    part = (rank + 0.5) / np.repeat(number, number * len(units))
    role = np.searchsorted(np.cumsum(share), part, side="right").clip(max=len(ROLES) - 1)
    male = rng.random(n) < 0.28
    year = facts.start.year - rng.integers(24, 62, n)
    return pd.DataFrame(
        {
            "staff_id": pd.Series(np.char.mod("A%05d", np.arange(1, n + 1)), dtype="str"),
            "site_id": facts.sites["site_id"].take(site).reset_index(drop=True),
            "unit": pd.Categorical.from_codes(unit, categories=list(units)),
            "role": pd.Categorical.from_codes(role, categories=[name for name, _ in ROLES]),
            "last_name": pd.Series(
                _take(FAMILY_NAMES, rng.integers(0, len(FAMILY_NAMES), n)), dtype="str"
            ),
            "first_name": pd.Series(first_names(rng, year, male), dtype="str"),
        }
    )


TABLES: Final = (
    Table(
        "patients",
        "Patients : identité telle que dans l'INS, et décès connu",
        "Patients: identity as in the INS, and known death",
        (
            Column(
                "patient_id",
                "str",
                "hospital's own number (IPP)",
                key="primary",
                french="numéro du patient dans l'établissement (IPP)",
            ),
            Column(
                "site_id", "str", "site that follows the patient", french="site qui suit le patient"
            ),
            Column(
                "nir",
                "str",
                "13 digits and key; well formed, attributed to nobody",
                french="13 chiffres et clé ; bien formé, attribué à personne",
            ),
            Column("birth_name", "str", "family name at birth", french="nom de naissance"),
            Column(
                "used_name",
                "str",
                "name used, the birth name or another one",
                french="nom utilisé, celui de naissance ou un autre",
            ),
            Column(
                "first_names",
                "str",
                "first names of the birth record, one or two",
                french="prénoms de l'acte de naissance, un ou deux",
            ),
            Column("first_name", "str", "the first of them", french="premier prénom"),
            Column("sex", "str", "F or M", french="F ou M"),
            Column("birth_date", "datetime", "day of birth", french="date de naissance"),
            Column(
                "birth_place_code",
                "str",
                "department and number of the commune of birth",
                french="département et numéro de la commune de naissance",
            ),
            Column(
                "death_date",
                "datetime",
                "day of death, in or out of hospital, if known",
                french="date du décès, à l'hôpital ou non, s'il est connu",
            ),
        ),
        make_patients,
    ),
    Table(
        "staff",
        "Personnel des unités",
        "Staff of the units",
        (
            Column("staff_id", "str", "staff number", key="primary", french="matricule"),
            Column("site_id", "str", "site", french="site"),
            Column(
                "unit",
                "category",
                "URG (emergency department) or a key of cases.UNITS",
                french="URG (urgences) ou une clé de cases.UNITS",
            ),
            Column(
                "role",
                "category",
                ", ".join(name for name, _ in ROLES),
                french="médecin, interne, infirmier, aide-soignant, secrétaire",
            ),
            Column("last_name", "str", "family name", french="nom"),
            Column("first_name", "str", "first name", french="prénom"),
        ),
        make_staff,
    ),
)
