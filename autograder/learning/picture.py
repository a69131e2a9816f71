"""The picture of the 28 weeks, each with the learner's state: a small SVG without a script.

It stands on a light ground of its own, so that it reads in a dark theme too; states differ by
outline, sign and words, not by colour alone.
"""

import textwrap
from collections import Counter
from html import escape

from autograder.authoring.syllabus import Month, Project
from autograder.authoring.translation import Lang
from autograder.learning.progress import WeekProgress, WeekState
from autograder.learning.words import number, say

# pixels
_WIDTH, _MARGIN, _GAP = 904, 12, 6
_LABEL, _BOX, _ROW = 142, 142, 62
_LEGEND = 30
_TITLE_CHARACTERS, _MONTH_CHARACTERS = 21, 20

# Okabe and Ito's blue and green, dark enough for white and light enough beside black
_BLUE, _GREEN, _INK, _SOFT, _LINE = "#0072b2", "#007a5a", "#1d2733", "#5b6673", "#c3ccd6"
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif"

_STATES: dict[WeekState, dict[Lang, str]] = {
    "complete": {"fr": "✓ terminée", "en": "✓ complete"},
    "begun": {"fr": "en cours", "en": "begun"},
    "ready": {"fr": "à commencer", "en": "ready to begin"},
    "to-come": {"fr": "à venir", "en": "to come"},
}
_PLURALS: dict[WeekState, dict[Lang, str]] = {
    "complete": {"fr": "terminées", "en": "complete"},
    "begun": {"fr": "en cours", "en": "begun"},
    "ready": {"fr": "à commencer", "en": "ready to begin"},
    "to-come": {"fr": "à venir", "en": "to come"},
}


def draw(weeks: list[WeekProgress], project: Project, lang: Lang) -> str:
    """The picture as SVG text: a row a month, a box a week."""
    months = list({week.month.month: week.month for week in weeks}.values())
    height = 2 * _MARGIN + len(months) * (_ROW + _GAP) + _LEGEND
    parts = []
    for row, month in enumerate(months):
        top = _MARGIN + row * (_ROW + _GAP)
        parts.append(_month(month, top, lang))
        mine = [week for week in weeks if week.month.month == month.month]
        parts += [_week(week, _left(column), top, lang) for column, week in enumerate(mine)]
    last = _MARGIN + (len(months) - 1) * (_ROW + _GAP)
    parts.append(_project(project, _left(4), last, lang))
    parts.append(_legend(height - _MARGIN - 12, lang))
    title = escape(alternative(weeks, lang))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" font-family="{_FONT}">'
        f"<title>{title}</title>"
        f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#ffffff" stroke="{_LINE}"/>'
        + "".join(parts)
        + "</svg>\n"
    )


def alternative(weeks: list[WeekProgress], lang: Lang) -> str:
    """The picture in words."""
    counts = Counter(week.state for week in weeks)
    said = ", ".join(
        f"{counts[state]} {words[lang]}" for state, words in _PLURALS.items() if counts[state]
    )
    return say(
        lang,
        fr=f"Les {len(weeks)} semaines du cours, mois par mois : {said}",
        en=f"The {len(weeks)} weeks of the course, month by month: {said}",
    )


def _left(column: int) -> int:
    return _MARGIN + _LABEL + column * (_BOX + _GAP)


def _month(month: Month, top: int, lang: Lang) -> str:
    name = say(lang, fr="Mois", en="Month")
    lines = textwrap.wrap(month.title.of(lang), _MONTH_CHARACTERS)[:3]
    texts = [_text(f"{name} {month.month}", _MARGIN + 4, top + 17, 13, weight=600)]
    texts += [
        _text(line, _MARGIN + 4, top + 32 + 14 * place, 11.5, fill=_SOFT)
        for place, line in enumerate(lines)
    ]
    return "".join(texts)


def _week(week: WeekProgress, left: int, top: int, lang: Lang) -> str:
    coming = week.state == "to-come"
    ink = _SOFT if coming else _INK
    parts = [_box(left, top, week.state)]
    number_of = str(week.module.week)
    parts.append(_text(number_of, left + 8, top + 17, 12, fill=ink, weight=600))
    corner = _corner(week, lang)
    if corner:
        colour = _GREEN if week.state == "complete" else _INK
        parts.append(_text(corner, left + _BOX - 8, top + 17, 12, fill=colour, end=True))
    parts += _titles(week.module.title.of(lang), left, top, ink)
    if not coming:
        parts.append(_bar(left + 8, top + _ROW - 9, _BOX - 16, week.share, week.state))
    return "".join(parts)


def _corner(week: WeekProgress, lang: Lang) -> str:
    """The mark, the tick, or what there is to say in a word."""
    tick = "✓ " if week.state == "complete" else ""
    if week.best is not None and week.best.score is not None:
        mark = f"{number(week.best.score, lang)}/{number(week.best.max_score, lang)}"
        return f"{tick}{mark}"
    return tick.strip()


def _titles(title: str, left: int, top: int, ink: str) -> list[str]:
    lines = textwrap.wrap(title, _TITLE_CHARACTERS)
    if len(lines) > 2:
        lines = [lines[0], f"{lines[1][: _TITLE_CHARACTERS - 1]}…"]
    return [
        _text(line, left + 8, top + 33 + 14 * place, 11.5, fill=ink)
        for place, line in enumerate(lines)
    ]


def _box(left: int, top: int, state: WeekState) -> str:
    style = {
        "to-come": 'fill="#ffffff" stroke="#8e9aa6" stroke-dasharray="3 3"',
        "ready": f'fill="#eef5fa" stroke="{_BLUE}"',
        "begun": f'fill="#eef5fa" stroke="{_BLUE}" stroke-width="2"',
        "complete": f'fill="#e8f4ef" stroke="{_GREEN}" stroke-width="2"',
    }[state]
    return f'<rect x="{left}" y="{top}" width="{_BOX}" height="{_ROW}" rx="5" {style}/>'


def _bar(left: int, top: int, width: int, share: float, state: WeekState) -> str:
    colour = _GREEN if state == "complete" else _BLUE
    filled = round(width * min(max(share, 0.0), 1.0), 1)
    ground = f'<rect x="{left}" y="{top}" width="{width}" height="4" rx="2" fill="#d5dee7"/>'
    if not filled:
        return ground
    return (
        f'{ground}<rect x="{left}" y="{top}" width="{filled}" height="4" rx="2" fill="{colour}"/>'
    )


def _project(project: Project, left: int, top: int, lang: Lang) -> str:
    weeks = "–".join(map(str, project.weeks))
    return (
        _box(left, top, "to-come")
        + _text(weeks, left + 8, top + 17, 12, fill=_SOFT, weight=600)
        + "".join(_titles(project.title.of(lang), left, top, _SOFT))
    )


def _legend(top: int, lang: Lang) -> str:
    parts = []
    left = _left(0)
    for state, words in _STATES.items():
        style = _box(0, 0, state).replace(
            f'width="{_BOX}" height="{_ROW}"', 'width="20" height="14"'
        )
        parts.append(f'<g transform="translate({left},{top - 6})">{style}</g>')
        parts.append(_text(words[lang], left + 27, top + 5, 12, fill=_SOFT))
        left += _BOX + _GAP
    return "".join(parts)


def _text(
    text: str,
    left: float,
    base: float,
    size: float,
    *,
    fill: str = _INK,
    weight: int = 400,
    end: bool = False,
) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return (
        f'<text x="{left}" y="{base}" font-size="{size}" font-weight="{weight}" '
        f'fill="{fill}"{anchor}>{escape(text)}</text>'
    )
