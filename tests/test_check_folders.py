"""Folders of the course: what nothing announces is named, what specimens state is compared."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring.checks.cards import check_cards
from autograder.authoring.checks.folders import check_folders
from autograder.authoring.masters import REPOSITORY

MODULE = "course/m1-hospital-and-data/w02-python-for-health"
ASSIGNMENT = "assignments/w02-laboratory-export"
MASTER = f"{ASSIGNMENT}/w02-laboratory-export.md"
RIGHT = "# ---\n# kind: right\n# why: a specimen of this test\n# ---\n"


class Clone:
    """A copy of the course and its assignments, known to git, that a test may spoil."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for top in ("course", "assignments"):
            shutil.copytree(REPOSITORY / top, root / top)
        shutil.copy(REPOSITORY / ".gitignore", root)
        subprocess.run(["git", "init", "-q", str(root)], check=True)

    def write(self, path: str, text: str = "…\n") -> None:
        """Put a file, with its folders."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, "utf-8")

    def replace(self, path: str, before: str, after: str) -> int:
        """Change a text of a file, at the line that is returned."""
        text = (self.root / path).read_text("utf-8")
        assert before in text
        self.write(path, text.replace(before, after, 1))
        return text[: text.index(before)].count("\n") + 1

    def remove(self, pattern: str) -> None:
        """Remove files."""
        for path in self.root.glob(pattern):
            path.unlink()

    def found(self) -> list[str]:
        """What is found, as its reader sees it."""
        return [str(finding) for finding in check_folders(self.root)]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A fresh copy, to be spoilt."""
    return Clone(tmp_path)


def test_the_repository_s_own_folders_are_in_order() -> None:
    assert [str(finding) for finding in check_folders(REPOSITORY)] == []


def test_what_is_declared_or_ignored_by_git_passes(clone: Clone) -> None:
    clone.write(f"{MODULE}/images/tubes.png")
    clone.write(f"{MODULE}/grid.csv")
    clone.replace(f"{MODULE}/README.md", "## Les leçons", "![tubes](images/tubes.png)")
    clone.replace(
        f"{MODULE}/01-values-and-types.md", "## Les données", "[la grille](<grid.csv>)\n\n##"
    )
    clone.write(f"{ASSIGNMENT}/equivalent_mutants.yml")
    clone.write(f"{ASSIGNMENT}/specimens/__pycache__/empty.pyc")
    clone.write(f"{ASSIGNMENT}/.ipynb_checkpoints/w02-laboratory-export-checkpoint.md")
    clone.write(f"{ASSIGNMENT}/laboratory_export.csv")
    assert clone.found() == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# Semaine 2", "---\njupytext: {}\n---\n\n# Semaine 2"),
        ("\n---\n", "\n"),
        ("## Les leçons", "---\n\n## Les leçons"),
    ],
    ids=["saved as a notebook", "one language", "three parts"],
)
def test_a_plan_that_the_site_could_not_share_out_is_named(
    clone: Clone, before: str, after: str
) -> None:
    clone.replace(f"{MODULE}/README.md", before, after)
    (finding,) = clone.found()
    assert f"{MODULE}/README.md:1" in finding and "part the languages by one line" in finding


UNANNOUNCED = {
    f"{ASSIGNMENT}/patients.csv": "remove it: an assignment is its master, specimens/*.py",
    f"{ASSIGNMENT}/w02-laboratory-export.md~": "a file of an assignment that nothing announces",
    f"{ASSIGNMENT}/specimens/notes.txt": "a file of an assignment that nothing announces",
    f"{ASSIGNMENT}/specimens/old/right.py": "a file of an assignment that nothing announces",
    f"{ASSIGNMENT}/equivalent_mutants.yaml": "a file of an assignment that nothing announces",
    "assignments/README.md": "a file of an assignment that nothing announces",
    f"{MODULE}/tubes.png": "show or link to it in the module's README.md or in a lesson",
    "course/notes.md": "a file of the course that nothing announces",
    f"{ASSIGNMENT}/w02-laboratory-export.ipynb": "a notebook beside the sources",
    f"{MODULE}/01-values-and-types.ipynb": "remove it: the master is the Markdown file",
}


def test_each_file_that_nothing_announces_is_named(clone: Clone) -> None:
    for path in UNANNOUNCED:
        clone.write(path)
    found = clone.found()
    for path, words in UNANNOUNCED.items():
        assert [line for line in found if line.startswith(f"{path}: ") and words in line], path
    assert len(found) == len(UNANNOUNCED)


def test_a_link_that_leaves_the_module_announces_nothing(clone: Clone) -> None:
    clone.write("course/m1-hospital-and-data/tubes.png")
    clone.replace(f"{MODULE}/README.md", "## Les leçons", "![tubes](../tubes.png)")
    assert [line.split(":")[0] for line in clone.found()] == [
        "course/m1-hospital-and-data/tubes.png"
    ]


def test_without_git_nothing_is_ignored(clone: Clone) -> None:
    shutil.rmtree(clone.root / ".git")
    clone.write(f"{ASSIGNMENT}/laboratory_export.csv")
    assert [line.split(":")[0] for line in clone.found()] == [f"{ASSIGNMENT}/laboratory_export.csv"]


def test_what_the_syllabus_and_the_disk_do_not_say_alike_is_located(clone: Clone) -> None:
    syllabus = "course/syllabus.yml"
    shutil.rmtree(clone.root / "assignments")
    file = clone.replace(syllabus, "file: 01-values-and-types.md", "file: 01-values.md")
    state = clone.replace(syllabus, "state: planned", "state: ready")
    clone.write("course/m1-hospital-and-data/w03-other/README.md")
    found = clone.found()
    for place, words in (
        (f"{syllabus}:{file}", "week 2, lessons.1.file: '01-values.md' must be '01-values-and"),
        (f"{syllabus}:{state}", "week 5, state: ready, but there is no "),
        ("course/m1-hospital-and-data/w03-other", "on disk, but not in the syllabus"),
        (f"{MODULE}/01-values-and-types.md", "on disk, but not in the syllabus"),
    ):
        assert [line for line in found if line.startswith(f"{place}: ") and words in line], words


def test_a_folder_without_its_master_is_named(clone: Clone) -> None:
    clone.remove(MASTER)
    assert f"{ASSIGNMENT}: a folder without its master" in "\n".join(clone.found())


def _rename_a_question(it: Clone) -> None:
    it.replace(MASTER, "grade_id: parse_number", "grade_id: read_number")


def _state(kind: str, marks: str, cell: str = "parse_number") -> Callable[[Clone], object]:
    header = f"# kind: {kind}\n# why: a specimen of this test\n# marks: {marks}\n"

    def spoil(it: Clone) -> None:
        it.write(
            f"{ASSIGNMENT}/specimens/spoilt.py", f"# ---\n{header}# ---\n\n# %% {cell}\nx = 1\n"
        )

    return spoil


SPOILT = f"{ASSIGNMENT}/specimens/spoilt.py"
SPECIMENS: dict[str, tuple[Callable[[Clone], object], str, str]] = {
    "a cell that is gone": (
        _state("wrong", "{test_parse_number: 0}", "parse_numbers"),
        f"{SPOILT}:7",
        "answers 'parse_numbers', which is no solution cell",
    ),
    "a test for a cell": (
        _state("wrong", "{test_parse_number: 0}", "test_parse_number"),
        f"{SPOILT}:7",
        "answers 'test_parse_number', which is no solution cell",
    ),
    "marks of a test that is gone": (
        _state("wrong", "{test_parse: 0, test_parse_number: 0}"),
        f"{SPOILT}:4",
        "marks for 'test_parse', which is no test",
    ),
    "marks of an answer marked by hand": (
        _state("wrong", "{written_answer: 0, test_parse_number: 0}"),
        f"{SPOILT}:4",
        "marks for 'written_answer', which is no test",
    ),
    "more than its points": (
        _state("right", "{test_parse_number: 3}"),
        f"{SPOILT}:4",
        "states 3 for test_parse_number, which is worth 2; state 0 to 2",
    ),
    "less than nothing": (_state("wrong", "{test_parse_number: -1}"), SPOILT, "states -1"),
    "wrong and full": (
        _state("wrong", "{test_parse_number: 2}"),
        f"{SPOILT}:1",
        "it is wrong, and states no mark below the full ones",
    ),
    "no header": (lambda it: it.write(SPOILT, "x = 1\n"), f"{SPOILT}:1", "YAML header"),
    "a question renamed": (
        _rename_a_question,
        f"{ASSIGNMENT}/specimens/right_plain_python.py:",
        "answers 'parse_number', which is no solution cell",
    ),
    "one right answer": (
        lambda it: it.remove(f"{ASSIGNMENT}/specimens/right_p*.py"),
        MASTER,
        "1 specimen of kind right; write 2 at least",
    ),
    "five wrong answers": (
        lambda it: it.remove(f"{ASSIGNMENT}/specimens/wrong_[c-rt-z]*.py"),
        MASTER,
        "of kind wrong (the trap included); write 6 at least",
    ),
    "no trap": (
        lambda it: it.remove(f"{ASSIGNMENT}/specimens/trap*.py"),
        MASTER,
        "0 specimen of kind trap",
    ),
    "none empty": (
        lambda it: it.remove(f"{ASSIGNMENT}/specimens/empty.py"),
        MASTER,
        "0 specimen of kind empty",
    ),
}


@pytest.mark.parametrize("fault", SPECIMENS)
def test_a_faulty_specimen_is_named(fault: str, clone: Clone) -> None:
    spoil, place, words = SPECIMENS[fault]
    spoil(clone)
    found = clone.found()
    assert [line for line in found if line.startswith(place) and words in line], found


def test_specimens_near_those_faults_pass(clone: Clone) -> None:
    _state("wrong", "{test_parse_number: 1.5, test_read_export: 2}")(clone)
    clone.write(f"{ASSIGNMENT}/specimens/right_too.py", RIGHT)
    assert clone.found() == []


def test_a_set_of_the_catalogue_without_its_card(tmp_path: Path) -> None:
    sets = tmp_path / "datasets" / "health_datasets" / "open_data" / "sets"
    sets.mkdir(parents=True)
    (sets / "some_set.yml").write_text("title: {fr: un, en: one}")
    (finding,) = check_cards(tmp_path)
    assert "'some_set' has no card datasets/cards/some-set.md; run tools" in str(finding)
    card = tmp_path / "datasets" / "cards" / "some-set.md"
    card.parent.mkdir()
    card.write_text("# some_set\n\n## Français\n")
    (finding,) = check_cards(tmp_path)
    assert "has no heading '## English'" in str(finding)
    card.write_text("# some_set\n\n## Français\n\n## English\n")
    assert check_cards(tmp_path) == []


def test_every_set_of_the_repository_has_its_card() -> None:
    assert check_cards(REPOSITORY) == []
