"""The rooms of the house: who may import whom."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
EXAMINER = REPOSITORY / "autograder" / "examiner"
# a room may import the rooms to its right, and what stands above none of them
ALLOWED: dict[str, set[str]] = {
    "examiner": set(),
    "grading": {"examiner", "errors", "notebooks", "typography"},
    "authoring": {"grading", "errors", "notebooks", "typography"},
    "site": {"authoring", "grading", "errors", "notebooks", "typography", "__version__"},
    "learning": {"authoring", "grading", "errors", "notebooks"},
    "reporting": {"authoring", "grading", "errors", "notebooks"},
    "hub": {"learning", "site", "reporting", "authoring", "grading", "errors", "notebooks"},
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("room", ALLOWED)
def test_arrows_go_down(room: str) -> None:
    for path in (REPOSITORY / "autograder" / room).rglob("*.py"):
        for name in imported(path):
            parts = name.split(".")
            if parts[0] == "autograder" and len(parts) > 1 and parts[1] != room:
                assert parts[1] in ALLOWED[room], f"{path} imports {name}"


def test_health_datasets_stands_alone() -> None:
    for path in (REPOSITORY / "datasets" / "health_datasets").rglob("*.py"):
        assert not any(name.split(".")[0] == "autograder" for name in imported(path)), path


def test_autograder_grades_without_the_course_s_data() -> None:
    for path in (REPOSITORY / "autograder").rglob("*.py"):
        assert not any(name.split(".")[0] == "health_datasets" for name in imported(path)), path


def test_the_examiner_s_files_are_each_presented() -> None:
    docstring = ast.get_docstring(ast.parse((EXAMINER / "__init__.py").read_text("utf-8")))
    assert docstring is not None
    presented = {line.split()[0] for line in docstring.splitlines()[2:]}
    assert presented == {path.stem for path in EXAMINER.glob("*.py")} - {"__init__"}
