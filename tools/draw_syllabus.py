"""Draw the seven months for README and LISEZMOI: docs/syllabus-fr.png and docs/syllabus-en.png.

    .venv/bin/python tools/draw_syllabus.py

Each picture carries a digest of the syllabus and of this file, so that a test can say when it is
out of date without comparing pixels.
"""

import hashlib
import textwrap
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from autograder.authoring.course_files import Text as Words
from autograder.authoring.syllabus import Month, Project, Syllabus, read_syllabus
from autograder.authoring.translation import LANGS, Lang

ROOT = Path(__file__).resolve().parents[1]
# tints of Okabe and Ito's blue, orange and green: told apart by colour-blind readers, and light
# enough for black text; the theme's code is written in each box too
COLOURS = {"T1": "#9fd3f2", "T2": "#f5cf7a", "T3": "#8fd6bd"}
DIGEST_KEY = "Syllabus-SHA256"

# all in pixels of a picture 900 wide (it is written at twice that)
WIDTH, MARGIN, GAP = 900, 8, 6
LABEL, BOX, ROW, PAD = 130, 146, 80, 7
TITLE_SIZE, SMALL_SIZE = 9.0, 8.5  # points: 12.5 and 11.8 pixels
MONTH_CHARACTERS, TITLE_CHARACTERS = 17, 20
LEGEND_CHARACTERS = 21
MONTH_NAME = {"fr": "Mois", "en": "Month"}
THEMES_NAME = {"fr": "Thèmes", "en": "Themes"}


def picture(lang: Lang) -> Path:
    """Where the picture of one language lies."""
    return ROOT / "docs" / f"syllabus-{lang}.png"


def digest() -> str:
    """What a picture depends on: the syllabus and this file."""
    sources = (ROOT / "course" / "syllabus.yml", Path(__file__).resolve())
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


def draw(syllabus: Syllabus, lang: Lang) -> Figure:
    """The seven months: a row a month, a box a week in the colour of its theme."""
    height = 2 * MARGIN + len(syllabus.months) * (ROW + GAP) - GAP
    figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    for number, month in enumerate(syllabus.months):
        _draw_month(axes, month, MARGIN + number * (ROW + GAP), lang)
    last = MARGIN + (len(syllabus.months) - 1) * (ROW + GAP)
    _draw_project(axes, syllabus.project, last, lang)
    _draw_legend(axes, syllabus, lang)
    return figure


def _draw_month(axes: Axes, month: Month, top: float, lang: Lang) -> None:
    name = f"{MONTH_NAME[lang]} {month.month}"
    _write(axes, name, MARGIN, top + PAD, LABEL, size=TITLE_SIZE, weight="bold")
    title = textwrap.fill(month.title.of(lang), MONTH_CHARACTERS)
    _write(axes, title, MARGIN, top + PAD + 18, LABEL, size=SMALL_SIZE)
    for number, module in enumerate(month.modules):
        _draw_box(axes, number, top, f"{module.week}", module.themes, module.title, lang)


def _draw_project(axes: Axes, project: Project, top: float, lang: Lang) -> None:
    weeks = "–".join(map(str, project.weeks))
    _draw_box(axes, 4, top, weeks, project.themes, project.title, lang)


def _draw_box(
    axes: Axes, column: int, top: float, week: str, themes: list[str], title: Words, lang: Lang
) -> None:
    left = MARGIN + LABEL + column * (BOX + GAP)
    share = BOX / len(themes)
    for number, theme in enumerate(themes):
        colour = COLOURS[theme]
        axes.add_patch(Rectangle((left + number * share, top), share, ROW, color=colour, lw=0))
    inside = BOX - 2 * PAD
    _write(axes, week, left + PAD, top + PAD, inside, size=TITLE_SIZE, weight="bold")
    codes = " ".join(themes)
    _write(axes, codes, left + BOX - PAD, top + PAD, inside, size=SMALL_SIZE, ha="right")
    text = textwrap.fill(title.of(lang), TITLE_CHARACTERS, break_on_hyphens=False)
    _write(axes, text, left + PAD, top + PAD + 18, inside, size=SMALL_SIZE)


def _draw_legend(axes: Axes, syllabus: Syllabus, lang: Lang) -> None:
    """In the fifth column, which only the last month needs."""
    left = MARGIN + LABEL + 4 * (BOX + GAP) + PAD
    top = MARGIN + PAD
    _write(axes, THEMES_NAME[lang], left, top, BOX, size=TITLE_SIZE, weight="bold")
    for number, theme in enumerate(syllabus.themes):
        place = top + 26 + number * 70
        axes.add_patch(Rectangle((left, place), 26, 16, color=COLOURS[theme.id], lw=0))
        _write(axes, theme.id, left + 6, place + 2, 26, size=SMALL_SIZE)
        text = textwrap.fill(theme.title.of(lang), LEGEND_CHARACTERS)
        _write(axes, text, left, place + 20, BOX - PAD, size=SMALL_SIZE)


def _write(axes: Axes, text: str, x: float, y: float, width: float, **style: object) -> Text:
    """Put a text whose top is y, and refuse one that does not fit: nothing is ever clipped."""
    put = axes.text(x, y, text, va="top", linespacing=1.15, **style)  # type: ignore[arg-type]
    box = put.get_window_extent(axes.figure.canvas.get_renderer())  # type: ignore[attr-defined]
    if box.width > width or box.height > ROW - 18 - PAD:
        raise SystemExit(f"{text!r} does not fit its box: {box.width:.0f}×{box.height:.0f} pixels")
    return put


def main() -> None:
    """Write the pictures of both languages."""
    syllabus = read_syllabus(ROOT)
    for lang in LANGS:
        figure = draw(syllabus, lang)
        figure.savefig(picture(lang), dpi=200, metadata={DIGEST_KEY: digest()})
        print(picture(lang).relative_to(ROOT))


if __name__ == "__main__":
    main()
