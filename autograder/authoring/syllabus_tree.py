"""The syllabus as a tree on a terminal: months, weeks, lessons, and what is there already."""

from pathlib import Path

from rich.markup import escape
from rich.tree import Tree

from autograder.authoring.masters import REPOSITORY
from autograder.authoring.syllabus import Module, Syllabus, assignment_master
from autograder.authoring.translation import Lang

_TITLE = {"fr": "Sept mois, trente semaines", "en": "Seven months, thirty weeks"}
_LEGEND = {"fr": "✓ prêt   · à venir", "en": "✓ ready   · to come"}
_MONTH = {"fr": "Mois", "en": "Month"}
_WEEK = {"fr": "semaine", "en": "week"}
_WEEKS = {"fr": "semaines", "en": "weeks"}
_ASSIGNMENT = {"fr": "devoir ({} points) :", "en": "assignment ({} points):"}


def syllabus_tree(
    syllabus: Syllabus, lang: Lang, *, month: int | None = None, root: Path | None = None
) -> Tree:
    """The course as a rich tree.

    Args:
        month: show this month only (the projects belong to the last one).
        root: the repository where assignments are looked for; ours by default.
    """
    tree = Tree(f"[bold]{_TITLE[lang]}[/]   [dim]{_LEGEND[lang]}[/]")
    for one in syllabus.months:
        if month is None or one.month == month:
            branch = tree.add(f"[bold]{_MONTH[lang]} {one.month} · {escape(one.title.of(lang))}[/]")
            for module in one.modules:
                _add_week(branch, module, lang, root or REPOSITORY)
    if month in (None, syllabus.months[-1].month):
        _add_project(branch, syllabus, lang)
    return tree


def _add_week(branch: Tree, module: Module, lang: Lang, root: Path) -> None:
    heading = f"{_WEEK[lang]} {module.week} · {escape(module.title.of(lang))}"
    details = f"{', '.join(module.themes)}, {module.hours} h"
    week = branch.add(f"{_mark(module.state == 'ready')} {heading} [dim]({details})[/]")
    for lesson in module.lessons:
        week.add(f"{_mark(lesson.file is not None)} {escape(lesson.title.of(lang))}")
    there = assignment_master(root, module.assignment.name).is_file()
    label = _ASSIGNMENT[lang].format(module.assignment.points)
    week.add(f"{_mark(there)} {label} {escape(module.assignment.title.of(lang))}")
    if module.note:
        week.add(f"[italic]{escape(module.note.of(lang))}[/]")


def _add_project(branch: Tree, syllabus: Syllabus, lang: Lang) -> None:
    project = syllabus.project
    first, last = project.weeks
    details = f"{', '.join(project.themes)}, {project.hours} h"
    heading = f"{_WEEKS[lang]} {first}–{last} · {escape(project.title.of(lang))}"
    week = branch.add(f"{_mark(False)} {heading} [dim]({details})[/]")
    for objective in project.objectives:
        week.add(escape(objective.of(lang)))


def _mark(there: bool) -> str:
    return "[green]✓[/]" if there else "·"
