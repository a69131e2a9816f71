"""What came of a submission, and of the world around it."""

import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser

from nbformat import NotebookNode
from nbformat.v4 import new_notebook

HONEST = ("anne", "zoe")  # the first and the last of the class
TARGET = "theo"  # honest too: the one whose mark or submission an attack would change


@dataclass
class Aftermath:
    """What happened around the submissions of one grading."""

    canaries: dict[str, str]
    token: str
    ended: bool = False
    error: str = ""
    heard: list[tuple[str, str]] = field(default_factory=list)
    signals: set[int] = field(default_factory=set)
    victim_alive: bool = True
    victim_nice: int = 0
    victim_files: int = 0
    left: dict[str, str] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    honest: dict[str, dict[str, float]] = field(default_factory=dict)
    honest_pages: bool = False
    full: dict[str, float] = field(default_factory=dict)

    @property
    def honest_unhurt(self) -> bool:
        """Have the honest students all the marks that they earned?"""
        return all(self.honest.get(name) == self.full for name in HONEST)


@dataclass
class Outcome:
    """What came of one submission."""

    name: str
    world: Aftermath
    marks: dict[str, float] = field(default_factory=dict)
    state: str = ""
    ended: bool = True
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    notebook: NotebookNode | None = None
    notebook_bytes: int = 0
    feedback: str = ""

    def gained(self) -> bool:
        """A mark on a question that was not answered?"""
        return any(mark > 0 for mark in self.marks.values())

    def leaked(self, *kinds: str) -> bool:
        """A canary of these kinds where the student, or anyone else, could see it?"""
        found = "\n".join([self.loot(), *self.outside()])
        return any(self.world.canaries[kind] in found for kind in kinds)

    def said(self, word: str) -> bool:
        """Did the attack report a success that only shows inside?"""
        return word in self.loot()

    def connected(self, kind: str) -> bool:
        """Did a listener of this kind hear from the attack?"""
        return any(kind == each and self._mine(text) for each, text in self.world.heard)

    def segment(self) -> bool:
        """A System V shared memory segment that outlives the submission?"""
        return segment_key(self.world.token, self.name) in self.world.segments

    def left(self) -> bool:
        """A file that outlives the submission, anywhere but in its own folders?"""
        return any(self._mine(path) or self._mine(text) for path, text in self.world.left.items())

    def processes(self) -> bool:
        """A process that outlives the submission?"""
        return any(self._mine(each) for each in self.world.processes)

    def disturbed(self) -> bool:
        """Did grading hang, or did the honest students lose by it?"""
        return not (self.ended and self.world.ended and self.world.honest_unhurt)

    def loot(self) -> str:
        """What the attack brought where its student can read it: own outputs and feedback."""
        texts = [self.feedback]
        for cell in (self.notebook or new_notebook()).cells:
            if not cell.metadata.get("nbgrader", {}).get("grade"):
                texts += [json.dumps(output) for output in cell.get("outputs", [])]
        return _decoded("\n".join(texts))

    def outside(self) -> list[str]:
        """What the attack brought out of the submission, by any road."""
        texts = [text for _, text in self.world.heard if self._mine(text)]
        texts += [text for path, text in self.world.left.items() if self._mine(path + text)]
        return [text + _decoded(text) for text in texts]

    def _mine(self, text: str) -> bool:
        return f"{self.world.token}-{self.name}-" in text

    def active_html(self) -> list[str]:
        """Elements of the feedback that a browser would act upon and that the attack wrote."""
        reader = _ActiveHtml(f"{self.world.token}-{self.name}-")
        reader.feed(self.feedback)
        return reader.found

    def controls(self) -> bool:
        """Control characters in a page or in what a terminal may print of the batch?"""
        texts = "".join([self.feedback, *self.messages, *self.notes])
        return bool(re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x9b\u202e]", texts))


def _decoded(text: str) -> str:
    pieces = re.findall(r"LOOT:((?:[0-9a-f]{2})+)", text)
    return "\n".join(bytes.fromhex(piece).decode("utf-8", "replace") for piece in pieces)


class _ActiveHtml(HTMLParser):
    """Scripts, handlers, frames, styles and scheme tricks that carry an attack's mark."""

    def __init__(self, mark: str) -> None:
        super().__init__(convert_charrefs=True)
        self.mark = mark
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag if tag in ("script", "style", "title") else ""
        mine = any(self.mark in (value or "") for _, value in attrs)
        for key, value in attrs:
            scheme = re.sub(r"[\s\x00-\x1f]", "", value or "").lower()
            live = scheme.startswith(("javascript:", "vbscript:", "data:text/html"))
            if self.mark in (value or "") and (key.startswith("on") or live or key == "srcdoc"):
                self.found.append(f"<{tag} {key}>")
        if mine and tag in ("iframe", "object", "embed", "form", "meta", "base", "link", "script"):
            self.found.append(f"<{tag}>")

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style") and self.mark in data:
            self.found.append(f"<{self._inside}>")


def segment_key(token: str, name: str) -> int:
    """Key of the System V shared memory segment that an attack of this name may leave."""
    return int(sha256(f"{token}-{name}".encode()).hexdigest()[:7], 16)
