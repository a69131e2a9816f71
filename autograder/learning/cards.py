"""The cards of the data that lessons and assignments name, where they say: `datasets/cards/`."""

import re
from collections.abc import Iterable

from autograder.authoring.masters import REPOSITORY

_FOLDER = "datasets/cards"
_NAMED = re.compile(rf"{_FOLDER}/([a-z0-9-]+)\.md")
_OTHER_CARD = re.compile(r"\]\(([a-z0-9-]+)\.md\)")
_FIGURE = re.compile(r"\]\((figures/[\w-]+\.png)\)")
_AWAY = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")


def named_cards(texts: Iterable[str]) -> dict[str, bytes]:
    """The cards named in texts, and those that these lead to, by path in the workspace.

    Their figures come with them; a link to a file that no learner has becomes its words.
    """
    found: dict[str, bytes] = {}
    ahead = [name for text in texts for name in _NAMED.findall(text)]
    while ahead:
        path = f"{_FOLDER}/{ahead.pop()}.md"
        source = REPOSITORY / path
        if path in found or not source.is_file():
            continue
        card = source.read_text(encoding="utf-8")
        ahead += _OTHER_CARD.findall(card)
        found[path] = _AWAY.sub(r"\1", card).encode()
        for figure in _FIGURE.findall(card):
            found[f"{_FOLDER}/{figure}"] = (REPOSITORY / _FOLDER / figure).read_bytes()
    return dict(sorted(found.items()))
