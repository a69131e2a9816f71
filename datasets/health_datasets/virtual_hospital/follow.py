"""Follow one patient through every table of the hospital.

python -m health_datasets.virtual_hospital.follow
python -m health_datasets.virtual_hospital.follow --lang en --patient P0000042 --rows 20

Without `--patient` it chooses somebody who came by the emergency department to a ward, went
to intensive care, left alive and came back within 30 days, or who comes nearest to that.
Nobody in this hospital is real.
"""

import argparse
import textwrap
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from health_datasets.virtual_hospital.build import Hospital, hospital
from health_datasets.virtual_hospital.cases import CODES, UNITS
from health_datasets.virtual_hospital.emergency import HOME_CODES
from health_datasets.virtual_hospital.tables import definition

INTENSIVE = ("REA", "USIC", "USINV")
# a longer value is written as a paragraph
LONGEST = 160
# records side by side when a table is too wide, and where its width stops counting
BESIDE, WIDEST = 3, 1000
# of what is written to a file
FILE_WIDTH = 120
# diagnoses in French and English
LABELS = CODES | {code: (french, english) for code, french, english, _ in HOME_CODES}
WORDS = {
    "fr": {
        "nobody": "Patient inventé : personne, dans cet hôpital, n'est réel.",
        "journey": "Le parcours",
        "rows": "{n} lignes sur {all}",
        "row": "1 ligne sur {all}",
        "none": "aucune ligne pour ce patient",
        "more": "… encore {n} (--rows)",
        "same": "partout : ",
    },
    "en": {
        "nobody": "An invented patient: nobody in this hospital is real.",
        "journey": "The journey",
        "rows": "{n} rows of {all}",
        "row": "1 row of {all}",
        "none": "no row for this patient",
        "more": "… {n} more (--rows)",
        "same": "everywhere: ",
    },
}
STEPS = {
    "emergency_arrival": ("arrive aux urgences", "arrives at the emergency department"),
    "triage": ("est trié par l'infirmier d'accueil", "is triaged by the nurse"),
    "first_contact": ("voit un médecin", "sees a physician"),
    "decision": ("décision : hospitaliser ou laisser sortir", "decision: admit or discharge"),
    "left_unseen": ("part sans attendre", "leaves unseen"),
    "emergency_exit": ("quitte les urgences", "leaves the emergency department"),
    "admission": ("entre dans l'unité", "enters the unit"),
    "bed_change": ("change de lit", "changes bed"),
    "transfer": ("est transféré dans l'unité", "is transferred to the unit"),
    "deterioration": ("s'aggrave", "deteriorates"),
    "discharge": ("sort de l'hôpital", "leaves the hospital"),
    "death": ("meurt", "dies"),
}


def interesting_patient(group: Hospital) -> str:
    """Return the patient whose journey goes through the most steps.

    The steps: a stay by the emergency department, with a ward before intensive care, a
    deterioration, an exit alive, a readmission within 30 days; then the more tables speak of
    that stay, the better. The first such patient wins.
    """
    stays = group.table("stays").set_index("stay_id")
    if stays.empty:
        return str(group.table("patients")["patient_id"].iloc[0])
    units = group.table("rum")
    critical = units["unit"].isin(INTENSIVE)
    later = units[critical & (units["rank"] > 1)]["stay_id"]
    outcomes = group.table("outcomes").set_index("stay_id")
    points = pd.DataFrame(
        {
            "readmitted": 4 * outcomes["readmission_30d"].fillna(False).astype(int),
            "emergency": 4 * (stays["provenance"] == "5").astype(int),
            "intensive": 3 * stays.index.isin(later).astype(int),
            "alive": 2 * (~outcomes["death_in_hospital"]).astype(int),
            "deteriorates": outcomes["deterioration"].astype(int),
        },
        index=stays.index,
    ).sum(axis="columns")
    for name in group.tables:
        rows = group.tables[name]
        if "stay_id" in rows:
            points += 0.1 * points.index.isin(rows["stay_id"].dropna())
    return str(stays["patient_id"].iloc[int(points.to_numpy().argmax())])


def patient_rows(group: Hospital, patient: str) -> dict[str, pd.DataFrame]:
    """Return the rows of every table that belong to a patient, by the keys of the columns.

    A table without patient is entered by a key that leads to a row already found (a report's
    entities), or from one (the staff who act in the events).
    """
    found: dict[str, pd.DataFrame] = {}
    for name in group.tables:
        rows = group.tables[name]
        if "patient_id" in rows:
            found[name] = rows[rows["patient_id"] == patient]
    for name in (name for name in group.tables if name not in found):
        found[name] = _linked(group, name, found)
    return {name: found[name] for name in group.tables}


def _linked(group: Hospital, name: str, found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    rows = group.tables[name]
    keys = group.columns(name)
    for column, key in zip(keys["name"], keys["key"], strict=True):
        there, _, target = key.partition(".")
        if there in found:
            return rows[rows[column].isin(found[there][target].dropna())]
    primary = keys.loc[keys["key"] == "primary", "name"]
    named = [
        found[other][column]
        for other in found
        for column, key in group.columns(other)[["name", "key"]].itertuples(index=False)
        if key in {f"{name}.{one}" for one in primary}
    ]
    return rows[rows[primary.iloc[0]].isin(pd.concat(named).dropna())] if named else rows.head(0)


def follow(
    group: Hospital, patient: str, *, console: Console, lang: str = "fr", rows: int = 12
) -> None:
    """Print the journey of a patient, then their rows in every table.

    Args:
        patient: a `patient_id`.
        rows: of a longer table only so many are printed.

    Raises:
        ValueError: there is no such patient.
    """
    words = WORDS[lang]
    known = group.table("patients")["patient_id"]
    if patient not in set(known):
        near = get_close_matches(patient, known.tolist(), n=1, cutoff=0.0)
        raise ValueError(f"no patient is called {patient!r}: did you mean {near[0]!r}?")
    found = patient_rows(group, patient)
    console.print(Text(words["nobody"], style="italic"))
    _title(console, words["journey"])
    _print_journey(found["events"], console, lang)
    for name, part in found.items():
        one = definition(name)
        _title(console, f"{name} · {one.french if lang == 'fr' else one.english}")
        total = f"{len(group.tables[name]):,}"
        if lang == "fr":
            total = total.replace(",", "\u202f")
        if part.empty:
            console.print(Text(words["none"], style="dim"))
            continue
        count = words["row" if len(part) == 1 else "rows"]
        console.print(Text(count.format(n=len(part), all=total), style="dim"))
        _print_rows(part, group.columns(name), console, lang, rows)


def _title(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _print_journey(events: pd.DataFrame, console: Console, lang: str) -> None:
    place = ("fr", "en").index(lang)
    day = ""
    for _, event in events.sort_values(["at", "event_id"]).iterrows():
        at = event["at"].strftime("%d/%m/%Y" if lang == "fr" else "%Y-%m-%d")
        activity = str(event["activity"])
        step = STEPS[activity][place]
        if activity in ("admission", "transfer"):
            step += f" {UNITS[str(event['unit'])][place]}"
        # the day is written once
        shown, day = at if at != day else "", at
        line = Text(f"{shown:10}  {event['at']:%H:%M}  ")
        line.append(step, style="bold" if activity in ("admission", "transfer") else "")
        console.print(line)


def _print_rows(
    part: pd.DataFrame, keys: pd.DataFrame, console: Console, lang: str, rows: int
) -> None:
    """Print one row downwards with the meanings, several as a table."""
    words = WORDS[lang]
    shown = part.head(rows)
    cells = {str(name): [_cell(value, lang) for value in shown[name]] for name in shown}
    texts = any(len(text) > LONGEST for column in cells.values() for text in column)
    if len(part) == 1 or texts:
        for row in range(len(shown)):
            _print_downwards({name: cells[name][row] for name in cells}, keys, console, lang)
    else:
        same = {} if len(shown) < 3 else {n: t[0] for n, t in cells.items() if len(set(t)) == 1}
        _print_across({n: t for n, t in cells.items() if n not in same}, keys, console)
        if same:
            said = ", ".join(f"{name} = {text or '—'}" for name, text in same.items())
            console.print(Text(words["same"] + said, style="dim"))
    if len(part) > rows:
        console.print(Text(words["more"].format(n=len(part) - rows), style="dim"))


def _print_downwards(
    row: Mapping[str, str], keys: pd.DataFrame, console: Console, lang: str
) -> None:
    meanings = dict(zip(keys["name"], keys["sens" if lang == "fr" else "meaning"], strict=True))
    grid = Table.grid(padding=(0, 2))
    long = {name: text for name, text in row.items() if len(text) > LONGEST}
    for name, text in row.items():
        if name not in long:
            grid.add_row(name, Text(text or "—", style="bold"), Text(meanings[name], style="dim"))
    console.print(grid)
    for name, text in long.items():
        console.print(Text(f"{name} : {meanings[name]}", style="dim"))
        console.print(Text(textwrap.indent(text, "    ")))
    console.print()


def _print_across(cells: Mapping[str, list[str]], keys: pd.DataFrame, console: Console) -> None:
    """Print a table; one that is too wide is laid on its side, a few records at a time."""
    units = dict(zip(keys["name"], keys["unit"], strict=True))
    # "unit" stands for a column of that name
    heads = [f"{n} ({units[n]})" if units[n] not in ("", "unit") else n for n in cells]
    table = Table(*heads, box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for row in zip(*cells.values(), strict=True):
        table.add_row(*(Text(text) for text in row))
    if console.measure(table, options=console.options.update(max_width=WIDEST)).maximum <= (
        console.width
    ):
        console.print(table)
        return
    columns = [[text or "—" for text in column] for column in cells.values()]
    for block in range(0, len(columns[0]), BESIDE):
        side = Table.grid(padding=(0, 2))
        for head, column in zip(heads, columns, strict=True):
            texts = (Text(text) for text in column[block : block + BESIDE])
            side.add_row(Text(head, style="dim"), *texts)
        console.print(side)
        console.print()


def _cell(value: Any, lang: str) -> str:
    """Write a value as the language does; diagnoses with their labels."""
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        day = "%d/%m/%Y" if lang == "fr" else "%Y-%m-%d"
        return value.strftime(day if value == value.normalize() else f"{day} %H:%M")
    if pd.api.types.is_bool(value):
        return {"fr": ("non", "oui"), "en": ("no", "yes")}[lang][int(bool(value))]
    if isinstance(value, float):
        text = f"{value:.4g}"
        return text.replace(".", ",") if lang == "fr" else text
    if isinstance(value, str) and value in LABELS:
        return f"{value} {LABELS[value][('fr', 'en').index(lang)]}"
    return str(value)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m health_datasets.virtual_hospital.follow",
        description="Suivre un patient dans toutes les tables · Follow a patient in all tables",
    )
    parser.add_argument("--patients", type=int, default=2000, help="patients · people (2000)")
    parser.add_argument("--seed", type=int, default=1, help="graine · seed (1)")
    parser.add_argument("--sites", type=int, default=1, help="sites (1)")
    parser.add_argument("--patient", help="numéro · number, P0000001…")
    parser.add_argument("--rows", type=int, default=12, help="lignes par table · rows a table (12)")
    parser.add_argument("--lang", choices=("fr", "en"), default="fr", help="langue · language")
    options = parser.parse_args(arguments)
    try:
        group = hospital(options.patients, seed=options.seed, sites=options.sites)
        patient = options.patient or interesting_patient(group)
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = FILE_WIDTH
        follow(group, patient, console=console, lang=options.lang, rows=options.rows)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
