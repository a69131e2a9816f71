"""What the learner reads, in the language of the workspace."""

import os
from datetime import datetime

from autograder.authoring.translation import Lang


def say(lang: Lang, *, fr: str, en: str) -> str:
    """The sentence of one language."""
    return fr if lang == "fr" else en


def terminal_language() -> Lang:
    """The language of the terminal, for what is said before a workspace is known."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "fr" if os.environ[name].startswith("fr") else "en"
    return "en"


def number(value: float, lang: Lang) -> str:
    """A mark as one writes it: 14.5 in English, 14,5 in French."""
    text = f"{round(value, 2):g}"
    return text.replace(".", ",") if lang == "fr" else text


def moment(when: datetime, lang: Lang) -> str:
    """A date and time on this machine's clock; the time alone when it is today."""
    local = when.astimezone()
    if local.date() == datetime.now().astimezone().date():
        return f"{local:%H:%M}"
    return say(lang, fr=f"{local:%d/%m/%Y %H:%M}", en=f"{local:%Y-%m-%d %H:%M}")


def counted(count: int, one: str, several: str) -> str:
    """A number with its noun; French and English part ways at zero only."""
    return f"{count} {one if count == 1 else several}"
