"""Hostile submissions, each with what it wants and how one sees that it got it.

The answers are wrong on purpose. `@COURSE@` and the like are filled in by the arena: an attacker
is taken to know every path, port and process id. `loot(...)` and `canaries(text)` come from
the arena's prelude. Every attack ends by itself and harms nothing but what the arena put there.
"""

from attack import Attack
from exhausting import EXHAUSTING
from forging import FORGING
from poisoning import POISONING
from reaching import REACHING
from reading import READING

__all__ = ["ATTACKS", "FAILS_ON_STOCK", "Attack"]

ATTACKS: list[Attack] = [*FORGING, *READING, *REACHING, *EXHAUSTING, *POISONING]

# measured on nbgrader 0.9.6 run as root: the others all succeed there (table.py --stock)
FAILS_ON_STOCK: dict[str, str] = {
    "posing-exceptions": "IPython shows every one of them as an error",
    "quiet-death": "a dead kernel leaves no mark, and no notebook either",
    "forged-wire": "it breaks its own kernel's sockets: no mark",
    "raw-pointers": "numpy refuses them before it reads",
    "endless-attributes": "the cell is interrupted when its time is up",
    "prefilled-outputs": "outputs are cleared before execution",
    "pickle-bomb": "nothing is unpickled there",
    "descriptors": "none of those that a kernel inherits holds a secret",
    "many-files": "they cost the grader time and inodes only",
    "special-files": "the pipe costs the submission its own mark",
    "descriptors-closed": "the submission loses its own mark",
    "recursion": "the submission loses its own mark",
    "segmentation-fault": "the submission loses its own mark",
    "segmentation-fault-when-tested": "the submission loses its own mark",
    "huge-answer": "the answer stays in its own process",
    "endless-answer": "the cell is interrupted when its time is up",
    "ignored-interrupts": "the submission loses its own mark",
    "busy-in-c": "the submission loses its own mark",
    "stopped-process": "the submission loses its own mark",
    "script-in-svg": "an SVG is shown as an image",
    "script-in-latex": "LaTeX is escaped",
    "script-in-a-message": "messages are escaped",
    "script-in-metadata": "the template shows none of it",
    "other-kernel": "the released kernel is restored",
    "more-points": "nbgrader refuses the notebook: no mark",
    "deleted-tests": "a deleted test counts nothing",
    "retyped-tests": "the cells are restored",
    "rewritten-tests": "the cells are restored",
    "duplicated-tests": "nbgrader refuses the notebook: no mark",
    "parameters": "nbgrader refuses the notebook: no mark",
}
