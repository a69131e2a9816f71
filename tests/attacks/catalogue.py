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

__all__ = ["ATTACKS", "Attack"]

ATTACKS: list[Attack] = [*FORGING, *READING, *REACHING, *EXHAUSTING, *POISONING]
