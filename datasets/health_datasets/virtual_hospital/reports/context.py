"""What a stay's reports are told: who, when, which diagnoses, which figures.

Figures written in reports are drawn here, once a stay, so that its reports agree: they are not
the ones of the tables `laboratory` and `vitals`, and the times of operations not those of
`procedures`. All ranges are assumptions.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

import pandas as pd

from health_datasets.virtual_hospital.cases import CASE_OF, CASES, COMORBIDITIES, UNITS, Case
from health_datasets.virtual_hospital.diagnoses import true_diagnoses
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.identity import FAMILY_NAMES
from health_datasets.virtual_hospital.reports.markup import Draw, Slot, Value
from health_datasets.virtual_hospital.reports.phrasebook import stories
from health_datasets.virtual_hospital.tables import table

MONTHS: Final = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août"),
    *("septembre", "octobre", "novembre", "décembre"),
)
# blocks of numbers that Arcep keeps for fiction (national numbering plan): nobody is called
PHONES: Final = ("01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49", "06 39 98")
STREETS: Final = (
    *("rue des Peupliers", "avenue de la Gare", "impasse du Lavoir", "rue du Moulin"),
    *("chemin des Vignes", "place du Marché", "rue des Écoles", "allée des Tilleuls"),
)
# invented
TOWNS: Final = (
    *("Saint-Aubin-des-Plaines", "Villeneuve-les-Tilleuls", "Deux-Rives", "Montvallon"),
    *("Haut-Pays-le-Vieux", "La Chapelle-aux-Bois", "Trois-Vallées", "Pont-sur-Lérane"),
)
SMALL_WORDS: Final = ("deuxième", "troisième", "quatrième")
UNIT_NAMES: Final = {key: french for key, (french, _) in UNITS.items()}
RESPIRATORY: Final = ("pneumonia", "copd", "asthma", "bronchiolitis", "heart_failure",
                      "pulmonary_embolism")  # fmt: skip
INFECTIONS: Final = ("pneumonia", "sepsis", "pyelonephritis", "cellulitis", "appendicitis",
                     "cholecystitis")  # fmt: skip


@dataclass(frozen=True)
class Stay:
    """A stay as its reports need it; `codes` are its true diagnoses, in order."""

    position: int
    stay_id: str
    patient_id: str
    mother_id: str
    site: int
    case: Case
    woman: bool
    age: int
    birth: pd.Timestamp
    arrival: pd.Timestamp | None
    entry: pd.Timestamp
    exit: pd.Timestamp
    night: bool
    emergency: bool
    dies: bool
    severity: float
    worse_at: pd.Timestamp | None
    unit: str
    units: tuple[str, ...]
    intensive_at: pd.Timestamp | None
    exit_mode: str
    destination: str
    follows: int
    principal: str
    related: str
    associated: tuple[str, ...]
    because: Mapping[str, str]
    comorbid: frozenset[str]
    child_at: pd.Timestamp | None
    names: tuple[str, str]
    mother_names: tuple[str, str]
    earlier: tuple[int, ...]

    @property
    def codes(self) -> frozenset[str]:
        """All true diagnoses."""
        related = (self.related,) if self.related else ()
        return frozenset((self.principal, *related, *self.associated))

    @property
    def newborn(self) -> bool:
        """Whether this is the stay of a newborn."""
        return self.case.key == "newborn"

    @property
    def operation_at(self) -> pd.Timestamp:
        """When a surgical patient is operated on."""
        delay = min(pd.Timedelta(hours=20), (self.exit - self.entry) * 0.4)
        # what goes wrong after an operation follows it
        if self.worse_at is not None:
            delay = min(delay, (self.worse_at - self.entry) * 0.6)
        return (self.entry + delay).floor("min")


class World:
    """The facts, indexed by stay; made once for all reports."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        stays, patients = facts.stays, facts.patients
        self.people = patients.to_dict("list")
        self.stays: dict[Any, list[Any]] = stays.to_dict("list")
        identity = table(facts, "patients")
        self.last = identity["used_name"].tolist()
        self.birth_names = identity["birth_name"].tolist()
        self.first = identity["first_name"].tolist()
        pmsi = table(facts, "stays")
        self.exit_mode = pmsi["exit_mode"].tolist()
        self.destination = pmsi["destination"].fillna("").tolist()
        self.principal: dict[int, str] = {}
        self.related: dict[int, str] = {}
        self.associated: dict[int, dict[str, str]] = defaultdict(dict)
        found = true_diagnoses(facts)
        columns = (found[name].tolist() for name in ("stay", "role", "code", "because"))
        for stay, role, code, because in zip(*columns, strict=True):
            if role == "DP":
                self.principal[stay] = code
            elif role == "DR":
                self.related[stay] = code
            else:
                self.associated[stay][code] = because
        self.of_patient: dict[int, list[int]] = defaultdict(list)
        for position, patient in enumerate(self.stays["patient"]):
            self.of_patient[patient].append(position)
        # the newborn of each mother
        self.birth_of = {
            mother: self.people["birth_date"][child]
            for child, mother in enumerate(self.people["mother"])
            if mother >= 0
        }
        segments = facts.segments
        intensive = segments[(segments["unit"] == "REA") & (segments["rank"] > 1)]
        self.intensive = dict(zip(intensive["stay"], intensive["entry_at"], strict=True))
        self.staff: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        staff = table(facts, "staff")
        names = staff["first_name"] + " " + staff["last_name"].str.upper()
        for site, unit, role, name in zip(
            staff["site_id"], staff["unit"], staff["role"], names, strict=True
        ):
            self.staff[site, unit, role].append(name)

    def stay(self, position: int) -> Stay:
        """Return a stay by its position."""
        s, p = self.stays, self.people
        patient = s["patient"][position]
        mother = p["mother"][patient]
        case = CASES[CASE_OF[s["case"][position]]]
        units = tuple(s["path"][position].split(">"))
        entry, leave = s["entry_at"][position], s["exit_at"][position]
        worse, arrival = s["deteriorates_at"][position], s["arrival_at"][position]
        rows = self.of_patient[patient]
        because = self.associated.get(position, {})
        # the unit that writes: the last one that is not intensive care, if any
        calm = [unit for unit in units if unit not in ("REA", "UHCD")]
        delivery = case.key == "delivery"
        return Stay(
            position=position,
            stay_id=s["stay_id"][position],
            patient_id=p["patient_id"][patient],
            mother_id=p["patient_id"][mother if mother >= 0 else patient],
            site=s["site"][position],
            case=case,
            woman=p["sex"][patient] == "F",
            age=s["age"][position],
            birth=p["birth_date"][patient],
            arrival=None if pd.isna(arrival) else arrival,
            entry=entry,
            exit=leave,
            night=s["night"][position],
            emergency=s["emergency"][position],
            dies=s["dies"][position],
            severity=s["severity"][position],
            worse_at=None if pd.isna(worse) else worse,
            unit=calm[-1] if calm else units[-1],
            units=units,
            intensive_at=self.intensive.get(position),
            exit_mode=self.exit_mode[position],
            destination=self.destination[position],
            follows=s["readmission_of"][position],
            principal=self.principal[position],
            related=self.related.get(position, ""),
            associated=tuple(because),
            because=because,
            comorbid=frozenset(name for name in COMORBIDITIES if p[name][patient]),
            child_at=self.birth_of.get(patient) if delivery else None,
            names=(self.last[patient].upper(), self.first[patient]),
            mother_names=(self.last[mother].upper(), self.first[mother])
            if mother >= 0
            else ("", ""),
            earlier=tuple(
                one for one in rows if s["exit_at"][one] <= entry and s["night"][one]
            ),
        )  # fmt: skip


_worlds: WeakKeyDictionary[Facts, World] = WeakKeyDictionary()


def world_of(facts: Facts) -> World:
    """Return the index of these facts."""
    if facts not in _worlds:
        _worlds[facts] = World(facts)
    return _worlds[facts]


def number(value: float, digits: int) -> str:
    """Return a number with a decimal comma."""
    return f"{value:.{digits}f}".replace(".", ",")


def measure(concept: str, value: float, digits: int, unit: str, space: str = " ") -> Value:
    """Return a measurement; its value is what the text says."""
    value = round(value, digits)
    text = number(value, digits) + (space + unit if unit else "")
    return Value(text, "measurement", concept, value, unit)


def _pressure(systolic: float, diastolic: float, draw: Draw) -> Value:
    text = f"{systolic:.0f}/{diastolic:.0f}" + draw.choice((" mmHg", ""))
    return Value(text, "measurement", "blood_pressure", round(systolic), "mmHg")


def written_dates(draw: Draw, style: str) -> tuple[str, str]:
    """Choose how an author writes dates: most of the time, and now and then."""
    ways = ("%d/%m/%Y", "words") if style == "prose" else ("%d/%m/%Y", "%d/%m/%y", "%d.%m.%y")
    return draw.choice(ways), draw.choice(ways)


def written_day(day: pd.Timestamp, draw: Draw, ways: tuple[str, str]) -> Value:
    """Return a date as an author writes it."""
    way = ways[draw.chance(0.15)]
    if way == "words":
        text = f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"
    else:
        text = day.strftime(way)
    return Value(text, "identity", "date")


def vital_slots(stay: Stay, draw: Draw) -> dict[str, Slot]:
    """Draw the signs that are measured at the bedside."""
    s, age = stay.severity, stay.age
    lungs = stay.case.key in RESPIRATORY
    fever = stories()[stay.case.key].lists["fever"][0]
    low, high = {"yes": (38.2, 39.8), "mild": (37.9, 38.7), "no": (36.4, 37.3)}[fever]
    heart = (138.0, 128.0, 112.0, 96.0, 76.0, 74.0)[sum(age >= old for old in (1, 3, 7, 12, 60))]
    heart += 4 * s + draw.between(-8, 10)
    heart = max(heart, 106) if "R00.0" in stay.codes else heart
    top = 92 + 2 * age if age < 15 else 122 + 0.18 * (age - 40) - 3 * s
    top += draw.between(-8, 10) + 8 * ("I10" in stay.codes)
    bottom = 0.58 * top + draw.between(-4, 5)
    shock = draw.between(82, 94)
    breath = 46.0 if age < 1 else 38.0 if age < 3 else 24.0 if age < 12 else 17.0
    breath += (8 + 2 * s if lungs else s) + draw.between(-1, 4)
    oxygen = 92.5 - 1.5 * s if lungs else 97.6 - 0.4 * s
    oxygen += draw.between(-1.5, 1.5)
    return {
        "temp": measure("temperature", draw.between(low, high), 1, "°C", draw.choice((" ", ""))),
        "hr": measure("heart_rate", heart, 0, "/min", draw.choice(("", " "))),
        "hr_high": measure("heart_rate", max(heart + 28, 104), 0, "/min", ""),
        "bp": _pressure(top, bottom, draw),
        "bp_low": _pressure(shock, shock * 0.6, draw),
        "rr": measure("respiratory_rate", max(12, breath), 0, "/min", ""),
        "spo2": measure(
            "oxygen_saturation", min(99, max(82, oxygen)), 0, "%", draw.choice((" ", ""))
        ),
        "gcs": measure("glasgow", draw.whole(10, 15), 0, ""),
        "nihss": measure("nihss", draw.whole(2, 7) + 6 * ("G81.9" in stay.codes), 0, ""),
    }  # fmt: skip


def laboratory_slots(stay: Stay, draw: Draw, unit: str) -> dict[str, Slot]:
    """Draw laboratory results, in the units of the site (`SI` or `conventional`)."""
    codes, key = stay.codes, stay.case.key
    spread = draw.between(0.8, 1.25)
    crp = draw.between(70, 260) if key in INFECTIONS else draw.between(2, 40)
    white = draw.between(11.5, 19) if key in INFECTIONS else draw.between(5, 10.5)
    red = draw.between(12.2, 14.4) + (0 if stay.woman else 1.1) - 0.6 * (stay.age > 80)
    pale = draw.between(7.8, 9.9)
    bled = draw.between(6.9, 9.4) if "D62" in codes else draw.between(9.8, 11.5)
    anaemic = codes & {"D62", "D63.0", "O99.0", "D50.0"}
    kidney = (35 if stay.age < 15 else 68 if stay.woman else 82) * spread
    kidney = draw.between(150, 260) if "N18.9" in codes else kidney
    injured = max(kidney * 1.8, draw.between(190, 420))
    sugar = draw.between(8, 13) if {"E11.98", "E11.68"} & codes else draw.between(4.6, 6.6)
    potassium = draw.between(5.9, 6.7) if "E87.58" in codes else draw.between(3.6, 4.8)

    def haemoglobin(grams: float) -> Value:
        if unit == "SI":
            return measure("haemoglobin", grams * 10, 0, "g/L")
        return measure("haemoglobin", grams, 1, "g/dL")

    def creatinine(value: float) -> Value:
        if unit == "SI":
            return measure("creatinine", value, 0, draw.choice(("µmol/L", "µmol/l")))
        return measure("creatinine", value / 8.84, 1, "mg/L")

    def glucose(value: float) -> Value:
        if unit == "SI":
            return measure("glucose", value, 1, "mmol/L")
        return measure("glucose", value * 0.18, 2, "g/L")

    # not when it came later, as a deterioration
    acute = stay.because.get("N17.9") == "case"
    return {
        "crp": measure("crp", crp, 0, "mg/L"),
        "crp_low": measure("crp", draw.between(4, 30), 0, "mg/L"),
        "wbc": measure("leucocytes", white, 1, "G/L"),
        "hb": haemoglobin(pale if anaemic else red),
        "hb_pre": haemoglobin(pale if "D50.0" in codes else red),
        "hb_low": haemoglobin(bled),
        "creat": creatinine(injured if acute else kidney),
        "creat_high": creatinine(injured),
        "k": measure("potassium", potassium, 1, "mmol/L"),
        "gluc": glucose(sugar),
        "gluc_high": glucose(draw.between(17, 31)),
        "hba1c": measure("hba1c", draw.between(8.5, 13), 1, "%"),
        "bnp": measure("nt_probnp", draw.between(1900, 9000), 0, "ng/L"),
        "trop": measure("troponin", draw.between(180, 4200), 0, "ng/L"),
        "lact": measure("lactate", draw.between(2.2, 5), 1, "mmol/L"),
        "ddim": measure("d_dimer", draw.between(900, 4600), 0, "ng/mL"),
        "ph": measure("ph", draw.between(7.31, 7.39), 2, ""),
        "appendix": measure("appendix_diameter", draw.between(8, 13), 0, "mm"),
        "wall": measure("wall_thickness", draw.between(4.5, 8), 0, "mm"),
        "flexion": measure("flexion", draw.whole(17, 22) * 5, 0, "°", ""),
    }  # fmt: skip


def body_slots(stay: Stay, draw: Draw, birth: Draw) -> dict[str, Slot]:
    """Draw weights and what mother and child share."""
    if stay.age < 2:
        months = max(0.0, (stay.entry - stay.birth).days / 30.4)
        weight = 3.6 + 0.62 * min(months, 6) + 0.3 * max(0.0, min(months, 24) - 6)
    elif stay.age < 15:
        weight = 2.0 * (stay.age + 4) * draw.between(0.9, 1.15)
    else:
        weight = draw.between(50, 82) + (0 if stay.woman else 11) - 8 * ("E44.0" in stay.codes)
    newborn = birth.between(2.75, 3.95)
    weeks, days = birth.whole(38, 40), birth.whole(0, 6)
    term = Value(f"{weeks} SA + {days} j", "measurement", "gestational_age", weeks + days / 7, "SA")
    return {
        "weight": measure("weight", weight, 1, "kg"),
        "kilos": measure("weight_change", draw.whole(2, 6), 0, "kg"),
        "term": term,
        "birth_weight": measure("birth_weight", newborn * 1000, 0, "g"),
        "exit_weight": measure("weight", newborn * birth.between(0.95, 1.01) * 1000, 0, "g"),
        "feeding": birth.choice(("maternel", "maternel", "mixte", "artificiel")),
        "parity": birth.choice(("primipare", "deuxième pare", "troisième pare")),
    }


def time_slots(stay: Stay, draw: Draw) -> dict[str, Slot]:
    """Draw sides, durations and hours."""
    right = draw.chance(0.5)
    nights = max(1, (stay.exit.normalize() - stay.entry.normalize()).days)
    days = draw.whole(2, 4)
    if stay.worse_at is not None:
        # what gets better does so after the deterioration
        days = (stay.worse_at.normalize() - stay.entry.normalize()).days + draw.whole(1, 3)
    days = min(nights, days)
    hours = days <= 3 and draw.chance(0.4)
    few = f"{days * 24} heures" if days == 1 or hours else f"{days} jours"
    since = draw.whole(2, 6)
    if stay.case.key in ("appendicitis", "pulmonary_embolism", "gastroenteritis", "asthma"):
        since = draw.whole(1, 3)
    words = ("jours", "jours", "j")
    # before the patient comes, as told: to the quarter of an hour
    onset = (stay.arrival or stay.entry) - pd.Timedelta(minutes=draw.whole(45, 300))
    clock = onset.floor("15min").strftime(draw.choice(("%H:%M", "%Hh%M"))).removeprefix("0")
    return {
        "side_f": "droite" if right else "gauche",
        "side_m": "droit" if right else "gauche",
        "side_word": "à droite" if right else "à gauche",
        "since": "depuis la veille" if since == 1 else f"depuis {since} {draw.choice(words)}",
        "few_days": few,
        "day_n": f"J{days}",
        "clock": Value(clock, "identity", "time"),
        "place": draw.choice(("dans sa chambre", "dans la salle de bain", "dans le couloir")),
        "nth": draw.choice(SMALL_WORDS),
        "small": str(draw.whole(2, 4)),
        "weeks": str(draw.whole(3, 8)),
    }  # fmt: skip


def laboratory_units(facts: Facts, site: int) -> str:
    """Return the units of a site's laboratory."""
    return str(facts.parameters[site].laboratory_units)


def contact_slots(patient: Draw) -> dict[str, Slot]:
    """Draw what identifies a patient beside the name; the same in all reports."""
    block = patient.choice(PHONES)
    digits = patient.whole(0, 9999)
    phone = f"{block} {digits // 100:02d} {digits % 100:02d}"
    joined = patient.choice((phone, phone, phone.replace(" ", "."), phone.replace(" ", "")))
    return {
        "phone": Value(joined, "identity", "phone"),
        "gp": Value(f"Dr {patient.choice(FAMILY_NAMES)}", "identity", "doctor"),
        "street": Value(f"{patient.whole(1, 98)} {patient.choice(STREETS)}", "identity", "address"),
        "town": Value(patient.choice(TOWNS), "identity", "town"),
    }


def physician(
    world: World, stay: Stay, draw: Draw, unit: str, role: str | None
) -> tuple[Value, str]:
    """Choose a physician or, without a role, sometimes a resident: name as written, role."""
    site = world.facts.parameters[stay.site].site_id
    resident = role is None and draw.chance(0.3)
    names = world.staff[site, unit, "resident" if resident else "physician"]
    title = "Interne " if resident else "Dr "
    name = Value(title + draw.choice(names), "identity", "doctor")
    return name, "resident" if resident else "physician"
