"""Write the lessons as notebooks, for those who teach or read them outside the repository."""

from pathlib import Path

import nbformat

from autograder.authoring.masters import REPOSITORY, lessons
from autograder.authoring.translation import Lang
from autograder.errors import EcoleError


def build_lessons(directory: Path | str, lang: Lang, *, solutions: bool = True) -> list[Path]:
    """Write every lesson of one language below `directory`, in the folders of `course/`.

    Args:
        directory: where to write, outside the sources; notebooks there are replaced.
        lang: the language to keep.
        solutions: keep the solutions of the exercises.

    Raises:
        EcoleError: the directory lies in the sources, or a master is faulty.
    """
    target = Path(directory).resolve()
    for sources in ("course", "assignments", "autograder", "datasets", "tests"):
        if target.is_relative_to(REPOSITORY / sources):
            raise EcoleError(f"{target} lies in the sources: choose a folder outside {sources}/")
    written = []
    for master in lessons():
        path = target / master.path.relative_to(REPOSITORY / "course").with_suffix(".ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(master.build(lang, solutions=solutions), path)
        written.append(path)
    return written
