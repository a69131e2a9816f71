"""The skeleton of a module, from the syllabus: what exists is kept, the rest is there to write."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, cycle, islice
from pathlib import Path

import jupytext
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.authoring.checks.unwritten import MARKS
from autograder.authoring.masters import REPOSITORY
from autograder.authoring.syllabus import (
    WEEKS,
    Lesson,
    Module,
    Month,
    Syllabus,
    assignment_master,
    lesson_file,
    read_syllabus,
)
from autograder.authoring.translation import LANGS, Lang
from autograder.errors import EcoleError

TEMPLATES = Path(__file__).parent / "templates"
_SPECIMENS = ("empty", "right", "wrong", "trap")
Texts = dict[Lang, str]


@dataclass
class Skeleton:
    """What was done for a module, as paths relative to the repository."""

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def new_module(week: str, root: Path | None = None) -> Skeleton:
    """Write what a module still lacks, and name its lessons' files in the syllabus.

    Nothing that exists is touched. An assignment whose master exists is its author's: no
    specimen is added to it.

    Args:
        week: the module's week, as `w05`, `5` or the name of its folder.
        root: the repository; ours by default.

    Raises:
        EcoleError: no module has that week, or the syllabus is faulty.
    """
    root = root or REPOSITORY
    syllabus = read_syllabus(root)
    month, module = _find(syllabus, week)
    lacking, skeleton = [], Skeleton()
    for path, render in _files(root, syllabus, month, module):
        if path.exists():
            skeleton.kept.append(path.relative_to(root).as_posix())
        else:
            lacking.append((path, render()))
    for path, text in lacking:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        skeleton.written.append(path.relative_to(root).as_posix())
    _name_lessons(root / "course" / "syllabus.yml", module)
    read_syllabus(root)
    return skeleton


def canonical(text: str) -> str:
    """A master as JupyterLab writes it when one saves it, so that opening it changes nothing."""
    return str(jupytext.writes(jupytext.reads(text, "md:myst"), "md:myst"))


def _find(syllabus: Syllabus, week: str) -> tuple[Month, Module]:
    number = re.fullmatch(r"w?(\d+)", week)
    for month in syllabus.months:
        for module in month.modules:
            if week == module.folder or (number and int(number[1]) == module.week):
                return month, module
    first, last = WEEKS[0], WEEKS[-1]
    if number and int(number[1]) in syllabus.project.weeks:
        raise EcoleError(
            f"week {int(number[1])} belongs to the project and has no module: "
            f"choose a week from w{first:02} to w{last}"
        )
    raise EcoleError(f"no module {week!r}: choose a week from w{first:02} to w{last}")


def _files(
    root: Path, syllabus: Syllabus, month: Month, module: Module
) -> Iterator[tuple[Path, Callable[[], str]]]:
    """Each file of a complete module, and what writes its text."""
    folder = root / "course" / month.folder / module.folder
    files = [lesson_file(number, lesson) for number, lesson in enumerate(module.lessons, start=1)]
    render = partial(
        _render, month=month, module=module, files=files, themes=_themes(syllabus, module)
    )
    yield folder / "README.md", partial(render, "readme.md.j2", needs=_needs(syllabus, module))
    for number, lesson in enumerate(module.lessons, start=1):
        words = {
            "lesson": lesson,
            "needs": _needs(syllabus, module, module.lessons[: number - 1]),
            "next": _next(module, number),
        }
        yield folder / files[number - 1], partial(render, "lesson.md.j2", **words)
    master = assignment_master(root, module.assignment.name)
    yield master, partial(render, "assignment.md.j2")
    if not master.exists():
        for kind in _SPECIMENS:
            path = master.parent / "specimens" / f"{kind}.py"
            yield path, partial(render, f"specimen_{kind}.py.j2")


def _render(template: str, *, module: Module, **words: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,
    )
    environment.filters |= {
        "anchor": _anchor,
        "lower_first": _lower_first,
        "rest": lambda text: text.partition(" ")[2],
        "verb": lambda text: text.partition(" ")[0],
    }
    text = environment.get_template(template).render(
        module=module,
        week=f"w{module.week:02}",
        # a question names one competency at least: the module's, in turn
        competencies=list(islice(cycle(module.competencies), 6)),
        **MARKS,
        **words,
    )
    return canonical(text) if text.startswith("---") else text


def _anchor(heading: str) -> str:
    """The anchor that a Markdown page gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _lower_first(title: str) -> str:
    """A title within a sentence; a word in capitals stays."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _themes(syllabus: Syllabus, module: Module) -> Texts:
    """The module's themes, as words within a sentence."""
    themes = [theme for theme in syllabus.themes if theme.id in module.themes]
    many = "s" if len(themes) > 1 else ""
    return {
        "fr": f"thème{many} " + " et ".join(f"{one.id}, {one.title.fr}" for one in themes),
        "en": f"theme{many} " + " and ".join(f"{one.id}, {one.title.en}" for one in themes),
    }


def _needs(syllabus: Syllabus, module: Module, before: list[Lesson] | None = None) -> Texts:
    """What one needs first: earlier weeks, earlier lessons of the week."""
    weeks = {other.week: other for other in syllabus.modules}
    words: dict[Lang, tuple[str, str, str]] = {
        "fr": ("la semaine", "la leçon", "rien que l'on n'ait déjà : tout commence ici"),
        "en": ("week", "lesson", "nothing more: all begins here"),
    }
    found: Texts = {}
    for lang in LANGS:
        week, lesson, nothing = words[lang]
        needed = [
            f"{week} {number} ({weeks[number].title.of(lang)})" for number in module.prerequisites
        ]
        needed += [f"{lesson} {number}" for number, _ in enumerate(before or [], start=1)]
        found[lang] = ", ".join(needed) or nothing
    return found


def _next(module: Module, number: int) -> Texts:
    """What comes after the nth lesson, from 1."""
    if number == len(module.lessons):
        title = module.assignment.title
        return {
            "fr": f"le devoir noté de la semaine, « {title.fr} »",
            "en": f"the week's graded assignment, “{title.en}”",
        }
    title = module.lessons[number].title
    return {
        "fr": f"la leçon {number + 1}, « {title.fr} »",
        "en": f"lesson {number + 1}, “{title.en}”",
    }


def _name_lessons(path: Path, module: Module) -> None:
    """Add the `file` of each lesson below its `slug`, and change nothing else in the syllabus."""
    text = path.read_bytes().decode()  # its line endings are kept
    lines = text.splitlines(keepends=True)
    slugs = _slug_lines(text, module.week)
    for number, lesson in reversed(list(enumerate(module.lessons, start=1))):
        if lesson.file is None:
            line, column = slugs[number - 1]
            ending = "\r\n" if lines[line].endswith("\r\n") else "\n"
            lines.insert(line + 1, f"{' ' * column}file: {lesson_file(number, lesson)}{ending}")
    path.write_bytes("".join(lines).encode())


def _slug_lines(text: str, week: int) -> list[tuple[int, int]]:
    """Line and column, from 0, of the slug of each lesson of a week."""
    syllabus = yaml.compose(text, Loader=yaml.SafeLoader)
    assert syllabus is not None
    modules = chain.from_iterable(
        _value(month, "modules").value for month in _value(syllabus, "months").value
    )
    module = next(one for one in modules if int(_value(one, "week").value) == week)
    keys = (key for lesson in _value(module, "lessons").value for key, _ in lesson.value)
    return [(key.start_mark.line, key.start_mark.column) for key in keys if key.value == "slug"]


def _value(mapping: yaml.Node, name: str) -> yaml.Node:
    """What a key of a YAML mapping holds."""
    found: yaml.Node = next(value for key, value in mapping.value if key.value == name)
    return found
