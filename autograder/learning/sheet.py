"""The notebook from which a learner grades assignments without a terminal."""

from collections.abc import Iterable

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.authoring.translation import Lang
from autograder.learning.words import say

_INTRODUCTION = {
    "fr": """\
# Corriger mes devoirs

Chaque cellule corrige un devoir **tel qu'il est enregistré** (Ctrl+S d'abord dans le devoir), avec
les tests que vous voyez et ceux qui sont cachés. Placez-vous dans la cellule et faites Maj+Entrée :
quelques secondes, autant de fois que vous voulez. Rien n'est envoyé nulle part.""",
    "en": """\
# Check my assignments

Each cell grades an assignment **as it is saved** (Ctrl+S in the assignment first), with the tests
that you see and those that are hidden. Click into the cell and press Shift+Enter: a few seconds, as
often as you like. Nothing is sent anywhere.""",
}


def sheet_name(lang: Lang) -> str:
    """The notebook's file."""
    return say(lang, fr="Corriger mes devoirs.ipynb", en="Check my assignments.ipynb")


def sheet(assignments: Iterable[str], lang: Lang) -> bytes:
    """A notebook with a cell for each assignment: the same bytes for the same names."""
    notebook = new_notebook(
        metadata={
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
        cells=[new_markdown_cell(_INTRODUCTION[lang], id="introduction")],
    )
    for name in assignments:
        week = name.partition("-")[0]
        code = f'from autograder.learning import try_assignment\n\ntry_assignment("{name}")'
        notebook.cells.append(new_code_cell(code, id=f"try-{week}"))
    return nbformat.writes(notebook).encode() + b"\n"
