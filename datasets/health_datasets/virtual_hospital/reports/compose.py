"""The reports of a stay, section by section."""

from collections.abc import Callable, Iterable
from typing import Final

import pandas as pd

from health_datasets.virtual_hospital.identity import EMERGENCY_UNIT
from health_datasets.virtual_hospital.reports.context import (
    UNIT_NAMES,
    Stay,
    World,
    body_slots,
    contact_slots,
    laboratory_slots,
    laboratory_units,
    physician,
    time_slots,
    vital_slots,
    written_dates,
    written_day,
)
from health_datasets.virtual_hospital.reports.lexicon import (
    DRUGS,
    TERMS,
    Term,
    can_deny,
)
from health_datasets.virtual_hospital.reports.markup import Draw, Habits, Slot, Value, Writer
from health_datasets.virtual_hospital.reports.phrasebook import phrases, places, stories

# habits by style: share of authors without accents, slips, share of abbreviations
HABITS: Final = {"prose": (0.02, 0.012, 0.3), "brief": (0.12, 0.03, 0.75)}
# what a comorbidity that the case already codes is called in the past history
KNOWN: Final = {
    "heart_failure": "[insuffisance cardiaque chronique|d.chronic_heart_failure]",
    "copd": "[BPCO|d.copd]",
    "atrial_fibrillation": "[FA connue|d.known_af]",
    "diabetes": "[diabète connu|d.known_diabetes]",
}
HOME_DRUGS: Final = {
    "I10": ("amlodipine", "ramipril"),
    "E11.98": ("metformine",),
    "I50.9": ("furosémide",),
    "J44.9": ("tiotropium",),
    "I48.9": ("apixaban",),
    "F03": ("donépézil",),
}
ADULT_RIVALS: Final = frozenset(
    ("pe_", "dvt_", "hf_", "mi_", "acs_", "dissection_", "cancer_", "cirrhosis_", "varices_",
     "stroke_", "tia_", "endocarditis_", "gestational_diabetes_")
)  # fmt: skip
# what a young child cannot tell, or has not
NOT_UNDER_3: Final = frozenset(
    ("headache", "confusion", "dysuria", "chest_pain", "chills", "nausea", "abdominal_pain",
     "palpitations", "flank_pain", "syncope")
)  # fmt: skip
NOT_UNDER_15: Final = frozenset(("leg_oedema", "palpitations", "calf_pain", "jugular_distension"))
# found by the one who examines, not told; the last ones may be denied in any case
EXAMINED: Final = frozenset(
    ("guarding", "crackles", "wheeze", "neck_stiffness", "deficit", "leg_oedema", "necrosis",
     "respiratory_distress", "urinary_retention", "jugular_distension", "tongue_biting",
     "confusion", "mottling", "purpura", "adenopathy", "hepatomegaly", "murmur", "jaundice",
     "cyanosis", "rash", "dehydration_signs", "calf_pain")
)  # fmt: skip
USUAL: Final = ("mottling", "purpura", "adenopathy", "hepatomegaly", "murmur", "cyanosis", "rash")
# operations of the past: share, sex, ages at which they are done, cases that they exclude
PAST: Final[dict[str, tuple[float, str, int, int, tuple[str, ...]]]] = {
    "appendectomy": (0.12, "", 8, 40, ("appendicitis",)),
    "cholecystectomy": (0.08, "", 30, 75, ("cholecystitis",)),
    "hernia_repair": (0.10, "M", 30, 80, ()),
    "hysterectomy": (0.10, "F", 42, 70, ()),
    "prostate_resection": (0.10, "M", 60, 82, ()),
    "tonsillectomy": (0.12, "", 4, 14, ()),
    "grommets": (0.05, "", 1, 7, ()),
}
# diseases of the past: share, ages
PAST_DISEASES: Final[dict[str, tuple[float, int, int]]] = {
    "dvt_past_": (0.06, 35, 85),
    "tia_past_": (0.04, 55, 85),
    "ulcer_past_": (0.05, 35, 80),
    "colic_past_": (0.07, 28, 70),
    "zoster_past_": (0.05, 50, 85),
    "pneumonia_past_": (0.05, 20, 85),
    "wrist_past_": (0.08, 8, 75),
    "ankle_past_": (0.06, 16, 75),
    "otitis_past_": (0.06, 1, 6),
}
# disease, least age of the patient, whether only women of the family
FAMILY: Final = (
    ("stroke_family_", 20, False), ("mi_family_", 20, False), ("breast_family_", 18, True),
    ("colon_family_", 25, False), ("htn_family_", 15, False), ("diabetes_family_", 8, False),
    ("pe_family_", 18, False), ("dementia_family_", 45, False), ("asthma_family_", 0, False),
    ("epilepsy_family_", 0, False),
)  # fmt: skip
# relative, short, whether a woman
RELATIVES: Final = (
    ("sa mère", "mère", True), ("son père", "père", False), ("un frère", "frère", False),
    ("une soeur", "soeur", True), ("sa grand-mère maternelle", "grand-mère maternelle", True),
    ("son grand-père paternel", "grand-père paternel", False), ("une tante", "tante", True),
)  # fmt: skip
ALLERGENS: Final = (
    ("aux sulfamides", "sulfamides"), ("au latex", "latex"), ("à l'arachide", "arachide"),
)  # fmt: skip
INTOXICANT: Final = {
    "T39.1": "de [paracétamol|r]",
    "T42.4": "de [benzodiazépines|r]",
    "T43.2": "d'[antidépresseurs|r]",
}

Write = Callable[["Report"], None]


def joined(terms: Iterable[str], glue: str) -> Callable[[Writer], None]:
    """Return a slot that writes marked texts one after the other."""

    def write(writer: Writer) -> None:
        for position, text in enumerate(terms):
            writer.say((glue if position else "") + text)

    return write


class Report:
    """One report being written: a stay, its style, its writer."""

    def __init__(self, world: World, stay: Stay, kind: str, split: str, seed: int) -> None:
        self.world, self.stay, self.kind, self.split = world, stay, kind, split
        # what does not depend on the report comes from streams of the patient and of the stay
        self.patient = Draw(seed, f"reports.patient.{stay.patient_id}")
        self.home = Draw(seed, f"reports.home.{stay.patient_id}")
        self.of_stay = Draw(seed, f"reports.stay.{stay.stay_id}")
        self.draw = Draw(seed, f"reports.{split}.{kind}.{stay.stay_id}")
        # two ways to write: sites 1, 3 and 5, and sites 2, 4 and 6
        self.style = STYLES_OF_SITE[stay.site % 2]
        bare, slips, short = HABITS[self.style]
        habits = Habits(not self.draw.chance(bare), slips, short)
        unit = EMERGENCY_UNIT if kind == "emergency" else stay.unit
        doctor, self.author = physician(world, stay, self.draw, unit, None)
        consultant, _ = physician(world, stay, self.draw, stay.unit, "physician")
        self.dates = written_dates(self.draw, self.style)
        slots = {**self._people(), **self._figures(), "doctor": doctor, "consultant": consultant}
        self.writer = Writer(self.draw, habits, stay.woman, split == "unseen", slots)
        self.story = stories()[stay.case.key]
        # templates already written: none comes twice while others are left
        self._used: set[str] = set()

    # context

    def _people(self) -> dict[str, Slot]:
        stay, site = self.stay, self.world.facts.parameters[self.stay.site]
        woman, age = stay.woman, stay.age
        last, first = stay.names
        name = ("patiente" if woman else "patient") if age >= 15 else "fillette"
        name = name if age >= 15 or woman else "garçon"
        if age < 2:
            name = "petite fille" if woman else "petit garçon"
        months = int((stay.entry - stay.birth).days / 30.4)
        text = f"{age} ans" if age > 1 else f"{months} mois" if months > 0 else "quelques jours"
        text = "1 jour" if stay.newborn else text
        civil = ("Mme" if woman else "M.") if age >= 15 else "Enfant"
        relative = f"Mme {stay.mother_names[0]} {stay.mother_names[1]}"
        child = "la jeune" if woman else "le jeune"
        return {
            "civil": civil,
            "civil_article": civil if age >= 15 else child.capitalize(),
            "de_civil": f"de {civil}" if age >= 15 else "de la jeune" if woman else "du jeune",
            "last_name": Value(last, "identity", "patient_name"),
            "first_name": Value(first, "identity", "patient_name"),
            "mother": Value(relative, "identity", "relative_name"),
            "ipp": Value(stay.patient_id, "identity", "ipp"),
            "stay_id": Value(stay.stay_id, "identity", "stay_number"),
            "hospital": Value(site.french, "identity", "hospital"),
            "service": _SERVICES.get(self.kind, UNIT_NAMES[stay.unit]),
            "unit": UNIT_NAMES["REA"].lower(),
            "to_unit": UNIT_NAMES[stay.units[0]].lower(),
            "age": text,
            "sujet": name,
            "un_sujet": ("une " if woman else "un ") + name,
            "d_un_sujet": ("d'une " if woman else "d'un ") + name,
            "ce_sujet": ("cette " if woman else "ce ") + name,
            "le_sujet": (("la " if woman else "le ") + name) if age >= 15 else "l'enfant",
            **contact_slots(self.patient),
        }  # fmt: skip

    def _figures(self) -> dict[str, Slot]:
        stay, draw = self.stay, self.of_stay
        slots = time_slots(stay, draw)
        slots |= vital_slots(stay, draw)
        slots |= laboratory_slots(stay, draw, laboratory_units(self.world.facts, stay.site))
        slots |= body_slots(
            stay, draw, Draw(self.world.facts.seed, f"reports.birth.{stay.mother_id}")
        )
        moments = {
            "birth_date": stay.birth, "entry_date": stay.entry, "exit_date": stay.exit,
            "arrival_date": stay.arrival or stay.entry, "entry_day": stay.entry,
            "operation_day": stay.operation_at, "operation_date": stay.operation_at,
            "worse_date": stay.worse_at or stay.entry, "birth_day": stay.child_at or stay.entry,
            "imaging_date": stay.arrival or stay.entry,
        }  # fmt: skip
        for name, moment in moments.items():
            slots[name] = written_day(moment, self.draw, self.dates)
        for name, hour in (
            ("arrival_clock", stay.arrival or stay.entry),
            ("exit_clock", stay.exit),
        ):
            slots[name] = Value(f"{hour:%Hh%M}", "identity", "time")
        slots["dp"], slots["dr"] = TERMS[stay.principal], TERMS[stay.related or stay.principal]
        slots["lives"] = self._lives()
        clot = "I63.4" in stay.codes or "atrial_fibrillation" in stay.comorbid
        slots["antithrombotic"] = "[apixaban|r]" if clot else "[acide acétylsalicylique|r]"
        return slots

    def _lives(self) -> str:
        stay, draw = self.stay, self.of_stay
        alone, weak = "Z60.20" in stay.codes, bool({"Z74.0", "F03"} & stay.codes)
        if stay.age < 3:
            return draw.choice(("gardé{e} en crèche", "gardé{e} à domicile"))
        if stay.age < 18:
            return "scolarisé{e}"
        if stay.destination == "7" and not alone:
            return "résidant en EHPAD"
        if alone or weak:
            return "vivant à domicile avec des aides"
        if stay.age >= 64:
            spouse = "vivant avec {son épouse/son conjoint}"
            return draw.choice(("autonome à domicile", "retraité{e}", spouse))
        if stay.age < 23:
            return draw.choice(("étudiant{e}", "vivant chez ses parents"))
        return draw.choice(("vivant en couple", "en activité professionnelle", "salarié{e}"))

    # sentences

    def choose(self, name: str) -> str:
        """Return one of the general templates called `name`."""
        templates = phrases()[name].of(self.style, self.split)
        fresh = [one for one in templates if one not in self._used]
        template = self.draw.choice(fresh or templates)
        self._used.add(template)
        return template

    def of_story(self, name: str) -> str:
        """Return one of the templates of the case."""
        return self.draw.choice(self.story.pools[name].of(self.style, self.split))

    def say(self, name: str, **slots: Slot) -> None:
        """Write a sentence of a general pool."""
        self.writer.slots.update(slots)
        self.sentence(self.choose(name))

    def sentence(self, template: str) -> None:
        """Write a sentence, after a blank where one is needed."""
        if not (self.writer.text_ends("\n") or self.writer.text_ends(" ")):
            self.writer.say(" ")
        self.writer.say(template)

    def line(self, name: str) -> None:
        """Write a template of a general pool on a line of its own."""
        self.writer.say(self.choose(name))
        self.writer.say("\n")

    def section(self, name: str) -> None:
        """Begin a section."""
        self.writer.say("\n" if self.writer.text_ends("\n") else "\n\n")
        self.writer.say(self.choose("h " + name))
        self.writer.say("\n" if self.style == "prose" or self.split == "unseen" else " ")

    def deny(self, name: str) -> None:
        """Write that two signs are absent, if two are left to deny."""
        keys = self._deniable(self.story.lists["deny"])
        if name == "deny history":
            keys = [key for key in keys if key not in EXAMINED]
        else:
            more = [key for key in USUAL if key not in keys]
            keys = [key for key in (*keys, *self._deniable(more)) if key in EXAMINED]
        two = self.draw.some(keys, 2)
        if len(two) == 2:
            self.say(name, n1=TERMS[two[0]], n2=TERMS[two[1]])

    def _deniable(self, keys: Iterable[str]) -> list[str]:
        stay, said = self.stay, self.writer.affirmed | self.writer.mentioned
        young = NOT_UNDER_15 if stay.age < 15 else frozenset()
        young |= NOT_UNDER_3 if stay.age < 3 else frozenset()
        young |= ADULT_RIVALS if stay.age < 15 else frozenset()
        return [
            key
            for key in keys
            if TERMS[key].key not in said and key not in young and can_deny(key, stay.codes)
        ]

    def rule_out(self, most: int) -> None:
        """Write which diseases are ruled out, and which one is still discussed."""
        for key in self.draw.some(self._deniable(self.story.lists["rivals"]), most):
            self.say("ruled out", n1=TERMS[key])
        left = self._deniable(self.story.lists["suspect"])
        if left and self.stay.night and self.draw.chance(0.55):
            self.say("suspect", h1=TERMS[self.draw.choice(left)])

    def associated(self, place: str) -> None:
        """Write the associated diagnoses of the case that belong to a section."""
        for code in self.stay.associated:
            if self.stay.because[code] != "case" or places().get(code, "course") != place:
                continue
            known = f"das {code} {place}"
            self.say(known if known in phrases() else "das other", x=TERMS[code])


_SERVICES: Final = {"emergency": "Service des urgences"}
STYLES_OF_SITE: Final = ("prose", "brief")


def _year(report: Report, least: int, most: int) -> dict[str, Slot]:
    stay, first = report.stay, report.world.facts.start.year
    # at an age at which it happens, before this period
    latest = max(least, min(most, first - 1 - stay.birth.year))
    year = stay.birth.year + report.patient.whole(least, latest)
    return {"year": str(year), "year_ago": f"il y a {stay.entry.year - year} ans"}


def _chronic(report: Report) -> list[str]:
    """Return the marked items of the medical past: chronic diseases, some with their drug."""
    stay = report.stay
    items = [KNOWN[name] for name in sorted(stay.comorbid) if _said_by_case(name, stay)]
    chosen = {code: report.home.choice(drugs) for code, drugs in HOME_DRUGS.items()}
    for code in stay.associated:
        past = stay.because[code] == "comorbidity" or (
            stay.because[code] == "case" and places().get(code) == "past"
        )
        if not past:
            continue
        drug = chosen.get(code, "")
        if drug == "ramipril" and stay.case.key == "delivery":
            drug = "labétalol"
        if drug and not (drug == "metformine" and stay.case.key == "delivery"):
            template = report.choose("past treated")
            items.append(template.replace("{c}", f"[@{code}]").replace("{t}", f"[{drug}|r]"))
        else:
            items.append(f"[@{code}]")
    return items


def _said_by_case(name: str, stay: Stay) -> bool:
    return name in KNOWN and name == stay.case.key


def past(report: Report, *, full: bool = True) -> None:
    """Write the past history, the family's and the habits."""
    stay = report.stay
    items = _chronic(report)
    if items:
        report.say("past list", items=joined(items, ", "))
    if stay.newborn:
        report.say("past newborn")
        _mother(report)
    events = [] if stay.newborn else _events(report)
    if not stay.newborn and not items and not any(name == "past disease" for name, _ in events):
        report.say("past none")
    if not full or stay.newborn:
        return
    for name, slots in events:
        report.say(name, **slots)
    _absent(report)
    _family(report)


def _events(report: Report) -> list[tuple[str, dict[str, Slot]]]:
    """Draw operations and diseases of the past: the sentence of each, and its slots."""
    stay, patient = report.stay, report.patient
    events: list[tuple[str, dict[str, Slot]]] = []
    others = {report.world.stays["case"][one] for one in report.world.of_patient[_patient(report)]}
    for key, (share, sex, least, most, cases) in PAST.items():
        drawn, year = patient.chance(share), _year(report, least, most)
        allowed = sex in ("", "F" if stay.woman else "M") and stay.age > least + 3
        mother = key == "hysterectomy" and "delivery" in others
        if drawn and allowed and not mother and not others & set(cases):
            events.append(("past operation", {"op": TERMS[key], **year}))
    for key, (share, least, most) in PAST_DISEASES.items():
        drawn, year = patient.chance(share), _year(report, least, most)
        if drawn and least + 3 < stay.age and _may_recall(key, stay):
            events.append(("past disease", {"pd": TERMS[key], **year}))
    return events


def _mother(report: Report) -> None:
    """Write what the mother of a newborn has."""
    people = report.world.people
    mother = people["mother"][_patient(report)]
    for name, key in (("hypertension", "htn_family_"), ("diabetes", "diabetes_family_")):
        if mother >= 0 and people[name][mother]:
            slots: dict[str, Slot] = {"relative": "sa mère", "relative_short": "mère"}
            report.say("family mother", f=TERMS[key], **slots)


def _patient(report: Report) -> int:
    return int(report.world.stays["patient"][report.stay.position])


def _may_recall(key: str, stay: Stay) -> bool:
    """A disease of the past is not the one of this stay."""
    return not any(code[:3] == TERMS[key].code[:3] for code in stay.codes if TERMS[key].code)


def _absent(report: Report) -> None:
    """Write which chronic diseases and habits are absent, and allergies."""
    stay, patient, draw = report.stay, report.patient, report.draw
    if stay.age >= 35 and draw.chance(0.5):
        keys = [f"{name}_" for name in ("htn", "diabetes", "af", "ckd", "hf")]
        known = {"htn_": "hypertension", "diabetes_": "diabetes", "af_": "atrial_fibrillation",
                 "ckd_": "ckd", "hf_": "heart_failure"}  # fmt: skip
        keys = [key for key in keys if known[key] not in stay.comorbid]
        two = draw.some(report._deniable(keys), 2)
        if len(two) == 2:
            report.say("past denied", n1=TERMS[two[0]], n2=TERMS[two[1]])
    allergic, allergen = patient.chance(0.08), patient.choice(ALLERGENS)
    if allergic and stay.age >= 3:
        report.say("allergy known", allergen=allergen[0], allergen_short=allergen[1])
    elif draw.chance(0.6):
        report.say("allergy")
    smoked, year = patient.chance(0.25), _year(report, 25, 60)
    world = report.world
    always = {code for one in world.of_patient[_patient(report)] for code in world.associated[one]}
    if stay.age < 35 or {"F17.2", "F10.2"} & always:
        return
    if smoked:
        report.say("smoking past", **year)
    elif draw.chance(0.5):
        report.say("smoking denied")


def _family(report: Report) -> None:
    stay, patient = report.stay, report.patient
    drawn, chosen, age = patient.chance(0.4), patient.choice(FAMILY), patient.whole(9, 13) * 5
    relative = patient.choice([one for one in RELATIVES if one[2] or not chosen[2]])
    term: Term = TERMS[chosen[0]]
    slots: dict[str, Slot] = {
        "f": term, "relative": relative[0], "relative_short": relative[1], "fam_age": str(age),
    }  # fmt: skip
    if stay.age < max(3, chosen[1]):
        return
    if drawn:
        report.say("family", **slots)
    elif report.draw.chance(0.15):
        report.say("family denied", **slots)


def history(report: Report) -> None:
    """Write how the illness came."""
    stay = report.stay
    if stay.newborn:
        report.say("intro newborn")
    else:
        report.say("intro")
    _earlier(report)
    _intoxication(report)
    report.sentence(report.of_story("history"))
    report.deny("deny history")


def _earlier(report: Report) -> None:
    """Write about the stay before, if there was one."""
    stay, world = report.stay, report.world
    if stay.follows >= 0:
        gap = (stay.entry.normalize() - world.stays["exit_at"][stay.follows].normalize()).days
        term = TERMS[world.principal[stay.follows]]
        report.say("back", back_days=f"à J{gap}", prior=term)
    elif stay.earlier and not stay.newborn:
        last = stay.earlier[-1]
        month = f"{world.stays['entry_at'][last]:%m/%Y}"
        term = TERMS[world.principal[last]]
        report.say("prior", prior=term, prior_month=Value(month, "identity", "date"))


def _intoxication(report: Report) -> None:
    """Fill the slots of a poisoning: wanted by the old, by accident for the young."""
    product = INTOXICANT.get(report.stay.principal)
    if product is None:
        return
    who = " child" if report.stay.age < 12 else ""
    report.writer.slots |= {
        "product": product,
        "intox_reason": report.choose("poisoning reason" + who),
        "intox_history": report.choose("poisoning" + who),
        "intox_follow": report.choose("poisoning follow" + who),
    }


def examination(report: Report) -> None:
    """Write the physical examination."""
    report.sentence(report.of_story("exam"))
    report.associated("exam")
    report.deny("deny exam")


def tests(report: Report) -> None:
    """Write the investigations."""
    report.sentence(report.of_story("tests"))
    report.associated("tests")
    report.rule_out(1 + report.draw.chance(0.5))


def course(report: Report) -> None:
    """Write what happened in the unit."""
    stay = report.stay
    before = stay.units[: stay.units.index(stay.unit)]
    critical = [one for one in before if one in ("USIC", "USINV", "REA")]
    if critical:
        report.say("unit", unit=UNIT_NAMES[critical[0]].lower())
    # what follows an operation or a birth is told after it
    first = "operation" in report.story.pools or stay.case.way == "birth"
    if stay.worse_at is not None and not first:
        _worse(report)
    if not stay.dies:
        report.sentence(report.of_story("course"))
    elif "operation" in report.story.pools:
        report.say("operated")
    report.associated("course")
    if stay.worse_at is not None and first:
        _worse(report)
        if not stay.dies:
            report.say("recovered")
    if stay.dies:
        report.say("decline")


def _worse(report: Report) -> None:
    """Write the deterioration."""
    stay = report.stay
    intensive, worse = stay.intensive_at, stay.worse_at
    later = intensive is not None and worse is not None and intensive > worse
    move = report.choose("worse move") if later else ""
    codes = [code for code in stay.associated if stay.because[code] == "deterioration"]
    if codes:
        report.say("worse", w=TERMS[codes[0]], worse_move=move)
    else:
        report.say("worse vague", worse_move=move)


def conclusion(report: Report, *, everything: bool) -> None:
    """Write the diagnoses: all of them, or those not said in the past history."""
    stay = report.stay
    report.say("conclusion newborn" if stay.newborn else "conclusion")
    some = [code for code in stay.associated if everything or stay.because[code] != "comorbidity"]
    # the primary tumour of a session is a related diagnosis
    some += [stay.related] if stay.related and stay.related not in some else []
    if some:
        marked = [f"[@{code}]" for code in some]
        if len(some) > 2 and report.draw.chance(0.25):
            report.say("conclusion list", items=joined(marked, "\n- "))
        else:
            report.say("conclusion das", items=joined(marked, ", "))


def treatment(report: Report) -> None:
    """Write the drugs at exit."""
    stay, lists = report.stay, report.story.lists
    child = stay.age < 15
    names = list(lists["drugs_child"] if child and lists["drugs_child"] else lists["drugs"])
    if child:
        kept = ("paracétamol", "amoxicilline", "céfixime", "salbutamol", "budésonide",
                "colécalciférol", "lévétiracétam", "insuline glargine", "insuline asparte",
                "amoxicilline-acide clavulanique")  # fmt: skip
        names = [name for name in names if name in kept]
    if "atrial_fibrillation" in stay.comorbid or "I63.4" in stay.codes:
        # already anticoagulated: no low-dose heparin, no aspirin after a stroke
        names = [name for name in names if name != "énoxaparine"]
        if stay.case.key == "stroke":
            names = ["apixaban" if name == "acide acétylsalicylique" else name for name in names]
    dose_free = child
    if stay.principal == "T39.1":
        names = [name for name in names if name != "paracétamol"]
    if stay.case.key == "gi_bleed" and "I48.9" in stay.codes:
        report.say("stopped")
    if not names:
        report.say("treatment none" if not stay.comorbid else "treatment continue")
        return
    for name in names:
        _, dose = DRUGS[name]
        dose = "selon le poids" if dose_free else dose
        report.writer.say("\n- " if not report.writer.text_ends("\n") else "- ")
        report.writer.say(f"[{name}|r]" + (f" {dose}" if dose else ""))
    if stay.comorbid:
        report.writer.say("\n")
        report.say("treatment continue")


def leaving(report: Report) -> None:
    """Write where the patient goes."""
    stay = report.stay
    if stay.dies:
        way = "death"
    elif stay.destination in ("2", "7", "6"):
        way = {"2": "rehabilitation", "7": "nursing", "6": "had"}[stay.destination]
    else:
        way = "home" if stay.exit_mode == "8" else "transfer"
    report.say(f"exit {way}")


def header(report: Report, *, dates: str = "dates") -> None:
    """Write the lines above the first section."""
    writer = report.writer
    for name in ("head", f"title {report.kind}", "identity", dates):
        if name:
            report.line(name)
    if report.kind in ("crh", "emergency", "discharge_letter"):
        writer.say(report.choose("contact") + "\n")


def signature(report: Report) -> None:
    """Write the name of the author."""
    report.writer.say("\n" if report.writer.text_ends("\n") else "\n\n")
    report.writer.say(report.choose("sign"))
    report.writer.say("\n")


def hospitalisation(report: Report) -> None:
    """Write the compte rendu d'hospitalisation."""
    header(report)
    report.section("reason")
    _intoxication(report)
    report.writer.say(report.of_story("reason") + ".")
    report.section("past")
    past(report)
    report.section("history")
    history(report)
    report.section("exam")
    examination(report)
    report.section("tests")
    tests(report)
    report.section("course")
    course(report)
    report.section("conclusion")
    conclusion(report, everything=report.draw.chance(0.35))
    leaving(report)
    if not report.stay.dies:
        report.section("treatment")
        treatment(report)
    signature(report)


def emergency(report: Report) -> None:
    """Write the compte rendu des urgences, from arrival to the decision to admit."""
    header(report, dates="dates emergency")
    report.section("reason emergency")
    _intoxication(report)
    report.writer.say(report.of_story("reason") + ".")
    report.section("past")
    past(report)
    report.section("history")
    history(report)
    report.section("exam emergency")
    examination(report)
    report.say("emergency care")
    report.section("conclusion emergency")
    report.say("emergency conclusion")
    report.rule_out(1)
    report.say("admitted")
    signature(report)


def letter(report: Report) -> None:
    """Write the lettre de sortie."""
    header(report, dates="address")
    report.writer.say("\n")
    report.line("letter open")
    report.say("letter body" if report.stay.night else "letter body day")
    past(report, full=False)
    _intoxication(report)
    report.writer.say("\n")
    course(report)
    report.rule_out(1)
    report.writer.say("\n")
    conclusion(report, everything=True)
    leaving(report)
    report.section("treatment letter")
    treatment(report)
    report.writer.say("\n\n")
    report.line("letter close")
    signature(report)


def operative(report: Report) -> None:
    """Write the compte rendu opératoire."""
    title, body = report.of_story("operation").split(" | ")
    header(report, dates="")
    report.writer.slots["op_title"] = title
    report.writer.slots["anaesthesia"] = (
        "topique"
        if report.stay.case.key == "cataract"
        else report.draw.choice(("générale", "générale"))
    )
    report.writer.say("\n")
    report.sentence(report.choose("operative open") + "\n")
    report.say("operative team")
    report.writer.say("\n")
    report.sentence(body)
    report.say("operative end")
    signature(report)


def imaging(report: Report) -> None:
    """Write the compte rendu d'imagerie."""
    title, body, end = report.of_story("imaging").split(" | ")
    header(report, dates="")
    report.writer.slots |= {"im_title": title, "reason": report.of_story("reason")}
    report.writer.say("\n")
    report.sentence(report.choose("imaging open") + "\n")
    report.sentence(body + "\n")
    report.sentence(report.choose("imaging result") + " " + end)
    signature(report)


def possible(kind: str, stay: Stay) -> bool:
    """Tell whether a stay has a report of a kind."""
    story = stories()[stay.case.key]
    return {
        "crh": stay.night,
        "emergency": stay.emergency,
        "discharge_letter": not stay.dies,
        "operative": "operation" in story.pools,
        "imaging": "imaging" in story.pools,
    }[kind]


def written_at(kind: str, stay: Stay, draw: Draw) -> pd.Timestamp:
    """Draw when a report is written."""
    if kind == "crh":
        day = stay.exit.normalize() + pd.Timedelta(days=draw.whole(0, 4))
        moment = day + pd.Timedelta(minutes=draw.whole(9 * 60, 19 * 60))
        return max(moment, stay.exit + pd.Timedelta(minutes=draw.whole(5, 90)))
    if kind == "discharge_letter":
        return stay.exit
    if kind == "operative":
        later = stay.operation_at + pd.Timedelta(minutes=draw.whole(45, 240))
        return min(later, stay.exit)
    begin = stay.arrival or stay.entry
    end = stay.entry if stay.emergency else min(stay.exit, stay.entry + pd.Timedelta(hours=6))
    return (begin + (end - begin) * draw.between(0.6, 0.98)).floor("min")


KINDS: Final[dict[str, Write]] = {
    "crh": hospitalisation,
    "emergency": emergency,
    "discharge_letter": letter,
    "operative": operative,
    "imaging": imaging,
}
