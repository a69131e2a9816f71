"""The sentences of `phrases.txt` and `stories.txt`, by style and split."""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

STYLES: Final = ("prose", "brief")
SPLITS: Final = ("seen", "unseen")
_NAME: Final = re.compile(r"\{[A-Z][a-z_]+\}")
_MARKS: Final = {"a": ("prose",), "b": ("brief",), "*": STYLES, "u": ("unseen",)}


@dataclass(frozen=True)
class Pool:
    """Ways to write one thing: two styles, and the held-out ones."""

    prose: tuple[str, ...]
    brief: tuple[str, ...]
    unseen: tuple[str, ...]

    def of(self, style: str, split: str) -> tuple[str, ...]:
        """Return the templates of a style, or the held-out ones (of the style without any)."""
        held_out: tuple[str, ...] = self.unseen if split == "unseen" else ()
        result: tuple[str, ...] = getattr(self, style)
        return held_out or result


@dataclass(frozen=True)
class Story:
    """What a case reads like.

    Attributes:
        pools: templates by section: reason, history, exam, tests, course, operation, imaging.
        lists: keys of the lexicon: deny, rivals, suspect, drugs; `fever`: yes, mild or no.
    """

    pools: dict[str, Pool]
    lists: dict[str, tuple[str, ...]]


def _read(name: str) -> list[str]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("# ")]


def _pool(lines: list[str]) -> Pool:
    found: dict[str, list[str]] = {"prose": [], "brief": [], "unseen": []}
    for line in lines:
        mark, template = line.split(" ", 1)
        # `{Le_sujet}` reads better, and the writer puts capitals where they belong
        template = _NAME.sub(lambda name: name.group().lower(), template)
        template = template.replace("\\n", "\n")
        for style in _MARKS[mark]:
            found[style].append(template)
    return Pool(*(tuple(found[style]) for style in (*STYLES, "unseen")))


def _blocks(lines: list[str], head: str) -> dict[str, list[str]]:
    blocks: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith(head):
            blocks[line.removeprefix(head)] = block = []
        else:
            block.append(line)
    return blocks


@cache
def phrases() -> dict[str, Pool]:
    """Return the general sentences by name, such as `deny history`."""
    return {name: _pool(lines) for name, lines in _blocks(_read("phrases.txt"), "== ").items()}


@cache
def places() -> dict[str, str]:
    """Return the section of each associated diagnosis that has sentences of its own."""
    names = [name.split() for name in phrases() if name.startswith("das ") and "other" not in name]
    return {code: place for _, code, place in names}


@cache
def stories() -> dict[str, Story]:
    """Return the story of every case."""
    result = {}
    for case, lines in _blocks(_read("stories.txt"), "== ").items():
        sections = _blocks(lines, "-- ")
        pairs = [line.partition(":") for line in sections.pop("lists")]
        lists = {name: tuple(rest.split()) for name, _, rest in pairs}
        # names of drugs may hold blanks
        for name in ("drugs", "drugs_child"):
            lists[name] = tuple(one.replace("_", " ") for one in lists.get(name, ()))
        result[case] = Story({name: _pool(some) for name, some in sections.items()}, lists)
    return result
