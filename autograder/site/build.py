"""Build the site: both languages, side by side, at the same paths."""

import importlib.util
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.masters import REPOSITORY, Master
from autograder.authoring.translation import LANGS, Lang
from autograder.errors import EcoleError
from autograder.grading.batch import usable_processors
from autograder.site.notebooks import executed_lessons, released_assignments
from autograder.site.outline import Outline, read_outline
from autograder.site.rendering import Rendering, render
from autograder.site.sources import Notebooks, Sources

_NEEDED = ("sphinx", "myst_nb", "pydata_sphinx_theme")
_ROOT_PAGE = Path(__file__).parent / "static" / "root.html"
_MARK = ".ecole-site"  # a folder with this file is ours to replace

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, how many there are."""


@dataclass(frozen=True)
class Site:
    """A site that was built.

    Attributes:
        pages: HTML pages of all languages.
        executed: lessons that were executed; the others had not changed.
        seconds: wall time.
    """

    output: Path
    pages: int
    executed: int
    seconds: float


def build_site(
    output: Path | str,
    langs: Sequence[Lang] = LANGS,
    workers: int | None = None,
    on_progress: Progress = lambda what, done, total: None,
) -> Site:
    """Build the site of the repository; it needs no network, and neither does what it writes.

    Args:
        output: a folder that is empty, new, or holds a site built before, which is replaced.
        workers: lessons, then languages, at once; the usable processors by default.

    Raises:
        EcoleError: the extra `site` is missing, the folder holds something else, a lesson
            fails, or Sphinx warns of anything.
    """
    started = time.perf_counter()
    target = Path(output).resolve()
    _refuse(target)
    workers = workers or usable_processors()
    outline = read_outline(REPOSITORY)
    notebooks, executed = _notebooks(outline, langs, workers, on_progress)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ecole-site-", dir=target.parent) as name:
        made = Path(name) / "site"
        made.mkdir()
        (made / _MARK).write_text("written by `ecole site`, which replaces this folder\n")
        _pages(Path(name), made, outline, notebooks, workers, on_progress)
        shutil.copyfile(_ROOT_PAGE, made / "index.html")
        if target.exists():
            shutil.rmtree(target)
        made.rename(target)
    pages = len(list(target.rglob("*.html")))
    return Site(target, pages, executed, time.perf_counter() - started)


def _refuse(target: Path) -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise EcoleError(
            f"the site needs {', '.join(missing)}: run `make site`, or "
            "`python -m pip install -e '.[course,site]'`, then again"
        )
    taken = target.is_file() or (target.is_dir() and any(target.iterdir()))
    if taken and not (target / _MARK).is_file():
        raise EcoleError(
            f"{target} holds something that `ecole site` did not write: choose another folder"
        )


def _notebooks(
    outline: Outline, langs: Sequence[Lang], workers: int, on_progress: Progress
) -> tuple[dict[Lang, Notebooks], int]:
    lessons, assignments = {}, {}
    for week in outline.weeks:
        for lesson in week.lessons:
            if lesson.page:
                path = outline.root / "course" / f"{lesson.page}.md"
                lessons[lesson.page] = Master(path, "lesson")
        if page := week.assignment.page:
            name = week.module.assignment.name
            path = outline.root / "assignments" / name / f"{name}.md"
            assignments[page] = Master(path, "assignment")
    ran, executed = executed_lessons(
        [(master, lang) for lang in langs for master in lessons.values()],
        workers,
        lambda done, total: on_progress("lessons", done, total),
    )
    found = {}
    for number, lang in enumerate(langs, start=1):
        released = released_assignments(assignments.values(), lang)
        found[lang] = Notebooks(
            {page: ran[str(master.path), lang] for page, master in lessons.items()},
            {page: master.build(lang, solutions=False) for page, master in lessons.items()},
            {page: released[master.name] for page, master in assignments.items()},
        )
        on_progress("assignments", number, len(langs))
    return found, executed


def _pages(
    folder: Path,
    made: Path,
    outline: Outline,
    notebooks: dict[Lang, Notebooks],
    workers: int,
    on_progress: Progress,
) -> None:
    """Write the sources of each language and let Sphinx make the pages."""
    on_progress("pages", 0, len(notebooks))
    renderings = []
    for lang, each in notebooks.items():
        sources = Sources(folder / lang, outline, lang, each)
        renderings.append(Rendering(sources.folder, made / lang, lang, sources.write()))
    warnings = []
    for done, found in enumerate(render(renderings, workers), start=1):
        warnings += [f"{renderings[done - 1].lang}: {line}" for line in found]
        on_progress("pages", done, len(renderings))
    if warnings:
        shown = "\n".join(warnings[:30])
        raise EcoleError(f"Sphinx warns, so there is no site:\n{shown}")
