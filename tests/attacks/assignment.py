"""The small exam that the arena gives: five questions, locked cells, hidden tests."""

import re
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ASSIGNMENT = "exam"
HIDDEN_NUMBER = 104729  # an input of a hidden test that is no text


@dataclass(frozen=True)
class Question:
    """A solution cell, a plausible wrong answer to it, and the cells that test it."""

    name: str
    solution: str
    wrong: str
    tests: dict[str, tuple[float, str]]


def questions(canaries: dict[str, str]) -> list[Question]:
    """The five questions; the hidden tests hold two canaries, a comment and an input."""
    return [
        Question(
            "clamp",
            "def clamp(value, low, high):\n    return max(low, min(value, high))",
            "def clamp(value, low, high):\n    return None",
            {
                "clamp_test": (
                    2,
                    "assert clamp(5, 0, 3) == 3, 'above the range'\n"
                    "### BEGIN HIDDEN TESTS\n"
                    f"# {canaries['comment']}\n"
                    "seed = exam_seed('arena')\n"
                    "assert clamp(seed, 0, seed - 7) == seed - 7, 'another instance'\n"
                    "assert clamp(-44, -17, 9) == -17, 'below the range'\n"
                    "### END HIDDEN TESTS",
                )
            },
        ),
        Question(
            "summary",
            "summary = {'n': len(stays), 'days': int(stays['days'].sum())}\n"
            "Path('summary.json').write_text(json.dumps(summary))",
            "summary = {'n': -1}",
            {
                "summary_test": (
                    2,
                    "assert summary['n'] == len(stays), 'number of stays'\n"
                    "### BEGIN HIDDEN TESTS\n"
                    "expected = {'n': len(stays), 'days': int(stays['days'].sum())}\n"
                    "assert summary == expected, 'number and days'\n"
                    "### END HIDDEN TESTS",
                ),
                "summary_file_test": (
                    1,
                    "assert json.loads(Path('summary.json').read_text())['days'] == 25",
                ),
            },
        ),
        Question(
            "clean",
            "def clean(frame):\n    return frame.dropna().reset_index(drop=True)",
            "def clean(frame):\n    return None",
            {
                "clean_test": (
                    3,
                    "raw = pd.DataFrame({'ward': ['A', 'B', 'C'], 'beds': [4.0, None, 6.0]})\n"
                    "expected = pd.DataFrame({'ward': ['A', 'C'], 'beds': [4.0, 6.0]})\n"
                    "pd.testing.assert_frame_equal(clean(raw), expected)",
                )
            },
        ),
        Question(
            "ward",
            "class Ward:\n"
            "    def __init__(self, name, beds):\n"
            "        self.name, self.beds, self.patients = name, beds, []\n"
            "    def admit(self, patient):\n"
            "        if len(self.patients) == self.beds:\n"
            "            raise ValueError('full')\n"
            "        self.patients.append(patient)\n"
            "    def label(self):\n"
            "        return f'{self.name} ({self.beds})'",
            "class Ward:\n    def __init__(self, name, beds):\n        pass",
            {
                "ward_test": (
                    2,
                    "ward = Ward('cardiology', 1)\n"
                    "assert isinstance(ward.beds, int) and ward.beds == 1, 'beds'\n"
                    "assert ward.label() == 'cardiology (1)', 'label'\n"
                    "ward.admit('first')\n"
                    "try:\n    ward.admit('second')\nexcept ValueError:\n    pass\n"
                    "else:\n    raise AssertionError('a full ward admits nobody')\n"
                    "### BEGIN HIDDEN TESTS\n"
                    f"name = '{canaries['input']}'\n"
                    "assert Ward(name, 2).label() == name + ' (2)', 'another label'\n"
                    "### END HIDDEN TESTS",
                )
            },
        ),
        Question(
            "rate",
            "def rate(events, days):\n    return events / days",
            "def rate(events, days):\n    return -1.0",
            {
                "rate_test": (
                    2,
                    "import statistics\n"
                    "points = 0.0\n"
                    "points += close(rate(3, 12), 0.25)\n"
                    "### BEGIN HIDDEN TESTS\n"
                    "points += close(rate(1, 8), statistics.mean([0.12, 0.13]))\n"
                    "### END HIDDEN TESTS\n"
                    "points",
                ),
                "rate_array_test": (
                    1,
                    "got = rate(np.array([1.0, 2.0]), np.array([4.0, 4.0]))\n"
                    "np.testing.assert_allclose(got, [0.25, 0.5])\n"
                    "### BEGIN HIDDEN TESTS\n"
                    f"got = rate(np.array([{HIDDEN_NUMBER}]), np.array([2.0]))\n"
                    f"np.testing.assert_allclose(got, [{HIDDEN_NUMBER} / 2])\n"
                    "### END HIDDEN TESTS",
                ),
            },
        ),
    ]


LOCKED = {
    "imports": "import json\nfrom pathlib import Path\nimport numpy as np\nimport pandas as pd\n"
    "from health_datasets import exam_seed",
    "given": "def close(a, b):\n    return abs(a - b) < 1e-9\n\n"
    "stays = pd.DataFrame({'ward': list('ABBC'), 'days': [3, 5, 7, 10]})",
}

# at the head of every attack: say something where a student could see it
PRELUDE = """\
import os, sys, re
def loot(*things):
    for thing in things:
        text = thing if isinstance(thing, str) else repr(thing)
        print("LOOT:" + text.encode("utf-8", "replace")[:20000].hex(), flush=True)
def canaries(text):
    return sorted(set(re.findall("CANARY" + r"-[a-z]+-[0-9a-f]{12}", str(text))))
"""


def _graded(cell: NotebookNode, grade_id: str, **settings: object) -> NotebookNode:
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, **flags, **settings}
    return cell


def source_notebook(canaries: dict[str, str]) -> NotebookNode:
    """The instructor's version, with solutions and hidden tests."""
    notebook = new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "P"}
    cells = [new_markdown_cell("# Arena")]
    for name, text in LOCKED.items():
        cells.append(_graded(new_code_cell(text), name, locked=True))
    for each in questions(canaries):
        marked = f"### BEGIN SOLUTION\n{each.solution}\n### END SOLUTION"
        cells.append(_graded(new_code_cell(marked), each.name, solution=True))
        for name, (points, test) in each.tests.items():
            cells.append(_graded(new_code_cell(test), name, grade=True, locked=True, points=points))
    notebook.cells = cells
    return notebook


def honest_notebook(canaries: dict[str, str]) -> NotebookNode:
    """The reference's answers, with a canary that belongs to that student."""
    notebook = source_notebook(canaries)
    for cell in notebook.cells:
        cell.source = re.sub(
            r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS\n?", "", cell.source, flags=re.S
        )
        cell.source = re.sub(r"### (BEGIN|END) SOLUTION\n?", "", cell.source)
    notebook.cells[3].source += f"\n# {canaries['classmate']}"
    return notebook
