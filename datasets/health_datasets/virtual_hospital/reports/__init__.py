"""French clinical reports of the virtual hospital, each with its ground truth.

Nobody in them is real: text, names, telephone numbers and figures are synthetic, made from the
facts by templates of our own. They show how French hospital reports are written (sections,
abbreviations, negation, hypothesis, family history, slips of typing) and are no source for
medicine: see the card `virtual-hospital-reports`.

What a report says holds for its stay. `crh` and `discharge_letter` affirm every true diagnosis
of the stay, coded or not; `emergency` the principal one and what was known at entry;
`operative` the principal one, `imaging` the principal one. No report denies a true diagnosis,
nor affirms as present a disease that has a CIM-10 code and is not one of the stay's. A
disease of the past, of the family, denied or suspected is marked as such.

Sites 1, 3 and 5 write in sentences, sites 2, 4 and 6 in telegraphic style. With
`split="unseen"` the same stays are told with held-out templates, which share no sentence with
the others: for tests of what was learnt on `seen` ones.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.reports.compose import KINDS, Report, possible, written_at
from health_datasets.virtual_hospital.reports.context import Stay, world_of
from health_datasets.virtual_hospital.reports.markup import Entity
from health_datasets.virtual_hospital.reports.phrasebook import SPLITS
from health_datasets.virtual_hospital.tables import Column, Table

DEFAULT_KINDS: Final = ("crh", "emergency")
_LETTERS: Final = {
    "crh": "H",
    "emergency": "U",
    "discharge_letter": "L",
    "operative": "O",
    "imaging": "I",
}
_made: WeakKeyDictionary[Facts, tuple[pd.DataFrame, pd.DataFrame]] = WeakKeyDictionary()


def write_reports(
    facts: Facts,
    seed: int | None = None,
    *,
    kinds: Iterable[str] = DEFAULT_KINDS,
    max: int | None = None,
    split: str = "seen",
    stays: Sequence[int] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write reports; return the table `reports` and its ground truth.

    A report depends on its stay, kind and split alone: asking for more kinds, stays or reports
    changes none of the others.

    Args:
        facts: the hospital's facts.
        seed: of the texts; the hospital's own by default.
        kinds: `crh` (stays with nights), `emergency` (stays through the emergency
            department), `discharge_letter` (patients who leave alive), `operative`,
            `imaging` (cases that have one).
        max: at most so many reports, the first ones by stay and kind.
        split: `seen` or `unseen`, the templates.
        stays: positions in `facts.stays`, all by default.

    Raises:
        ValueError: an unknown kind or split, or a negative number.
    """
    wanted = [_known("kind", kind, tuple(KINDS)) for kind in kinds]
    _known("split", split, SPLITS)
    if max is not None and max < 0:
        raise ValueError(f"max must be 0 or more, not {max}")
    world = world_of(facts)
    rows: list[tuple[object, ...]] = []
    truths: list[list[Entity]] = []
    for position in range(len(facts.stays)) if stays is None else stays:
        stay = world.stay(position)
        for kind in KINDS:
            if max is not None and len(rows) >= max:
                break
            if kind in wanted and possible(kind, stay):
                one = Report(world, stay, kind, split, facts.seed if seed is None else seed)
                KINDS[kind](one)
                rows.append(_row(one, stay))
                truths.append(one.writer.entities)
    return _report_table(rows), _entity_table([str(row[0]) for row in rows], truths)


def _known(what: str, name: str, names: Sequence[str]) -> str:
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
        raise ValueError(f"no {what} is called {name!r}: {hint}")
    return name


def _row(report: Report, stay: Stay) -> tuple[object, ...]:
    kind = report.kind
    return (
        f"CR{stay.stay_id[2:]}{_LETTERS[kind]}",
        stay.stay_id,
        stay.patient_id,
        kind,
        written_at(kind, stay, report.draw),
        report.author,
        report.writer.text,
    )


def _report_table(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    names = [column.name for column in _REPORTS.columns]
    table = pd.DataFrame(rows, columns=names)
    table["written_at"] = table["written_at"].astype("datetime64[s]")
    table["kind"] = pd.Categorical(table["kind"], categories=list(KINDS))
    table["author"] = pd.Categorical(table["author"], categories=["physician", "resident"])
    return table.astype(dict.fromkeys(("report_id", "stay_id", "patient_id", "text"), "str"))


_KIND_NAMES: Final = (
    *("disease", "symptom", "organism", "situation"),
    *("drug", "procedure", "measurement", "identity"),
)


def _entity_table(names: list[str], truths: list[list[Entity]]) -> pd.DataFrame:
    flat = [entity for truth in truths for entity in truth]
    columns = {name: [getattr(one, name) for one in flat] for name in Entity._fields}
    table = pd.DataFrame(columns, columns=list(Entity._fields))
    number = np.repeat(np.arange(len(names)), [len(truth) for truth in truths])
    table.insert(0, "report_id", pd.Series(np.array(names, dtype=object)[number], dtype="str"))
    for name in ("text", "concept", "code", "unit"):
        table[name] = table[name].astype("str")
    for name in ("code", "unit"):
        table[name] = table[name].where(table[name] != "")
    table["kind"] = pd.Categorical(table["kind"], categories=list(_KIND_NAMES))
    flags = ["negated", "hypothetical", "family", "historical", "misspelt", "abbreviated"]
    kinds = {"start": "int64", "end": "int64", "value": "float64", **dict.fromkeys(flags, "bool")}
    return table.astype(kinds)


def _both(facts: Facts, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    if facts not in _made:
        _made[facts] = write_reports(facts, seed)
    return _made[facts]


def make_reports(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `reports`, with the default kinds."""
    return _both(facts, seed)[0]


def true_entities(facts: Facts) -> pd.DataFrame:
    """Return what the reports of the default kinds say, one mention a row (`ENTITY_COLUMNS`)."""
    return _both(facts, facts.seed)[1]


_REPORTS: Final = Table(
    "reports",
    "Comptes rendus en français, synthétiques",
    "French clinical reports, synthetic",
    (
        Column(
            "report_id",
            "str",
            "stay's number and a letter for the kind",
            key="primary",
            french="numéro du séjour et une lettre pour la nature",
        ),
        Column("stay_id", "str", "stay", key="stays.stay_id", french="séjour"),
        Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
        Column(
            "kind",
            "category",
            ", ".join(KINDS),
            french="nature du compte rendu : séjour, urgences, lettre de sortie, bloc, imagerie",
        ),
        Column("written_at", "datetime", "when it was written", french="moment de la rédaction"),
        Column(
            "author",
            "category",
            "role of the author: physician, resident",
            french="fonction de l'auteur : physician (médecin), resident (interne)",
        ),
        Column(
            "text",
            "str",
            "the report, in French; it names the patient",
            french="le compte rendu ; il nomme le patient",
        ),
    ),
    make_reports,
)
# the columns of the ground truth: no table of the hospital, which learners may receive whole
ENTITY_COLUMNS: Final = (
    Column("report_id", "str", "report", key="reports.report_id", french="compte rendu"),
    Column(
        "start",
        "int",
        "first character of the mention in the text",
        "characters",
        french="premier caractère de la mention dans le texte",
    ),
    Column(
        "end",
        "int",
        "character after its last one",
        "characters",
        french="caractère qui suit le dernier",
    ),
    Column(
        "text",
        "str",
        "the mention as written: text[start:end]",
        french="la mention telle qu'écrite : text[start:end]",
    ),
    Column(
        "kind",
        "category",
        ", ".join(_KIND_NAMES),
        french="nature : maladie, signe, germe, situation, médicament, acte, mesure, identité",
    ),
    Column(
        "concept",
        "str",
        "what it is: a CIM-10 code for a coded diagnosis, else a name, such as fever, "
        "oxygen_saturation, patient_name",
        french="ce que c'est : code CIM-10 d'un diagnostic codé, sinon un nom anglais",
    ),
    Column(
        "code",
        "str",
        "CIM-10, or ATC for a drug; missing without",
        french="CIM-10, ou ATC d'un médicament ; absent sinon",
    ),
    Column(
        "value",
        "float",
        "of a measurement, in `unit`; the systolic blood pressure",
        french="valeur d'une mesure, en `unit` ; la pression systolique",
    ),
    Column(
        "unit",
        "str",
        "of a measurement, missing without",
        french="unité d'une mesure, absente sinon",
    ),
    Column("negated", "bool", "said to be absent", french="dit absent"),
    Column(
        "hypothetical",
        "bool",
        "suspected, discussed, not affirmed",
        french="suspecté, discuté, non affirmé",
    ),
    Column(
        "family",
        "bool",
        "of a relative, not of the patient",
        french="d'un parent, non du patient",
    ),
    Column(
        "historical",
        "bool",
        "over before this stay; a chronic disease in the past history is not",
        french="terminé avant ce séjour ; une maladie chronique en antécédent ne l'est pas",
    ),
    Column(
        "misspelt",
        "bool",
        "typed with a slip, or without its accents",
        french="écrit avec une faute de frappe, ou sans ses accents",
    ),
    Column("abbreviated", "bool", "holds an abbreviation", french="contient une abréviation"),
)
TABLES: Final = (_REPORTS,)
