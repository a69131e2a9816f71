"""What Sphinx reads for one language: a folder of Markdown and notebooks."""

import html
import posixpath
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbformat import NotebookNode

from autograder import __version__
from autograder.authoring.course_files import Text, folded
from autograder.authoring.glossary import Term, read_glossary
from autograder.authoring.translation import Lang
from autograder.notebooks import to_json
from autograder.site.cards import Card, read_cards
from autograder.site.documents import half, with_links
from autograder.site.notebooks import assignment_page, lesson_page
from autograder.site.outline import Outline, Week
from autograder.typography import typeset

_CODE = re.compile(r"`([^`]+)`")
_PAGES = Path(__file__).parent / "pages"
_GROUPS = {
    "made": {"fr": "Données fabriquées pour le cours", "en": "Data made for the course"},
    "download": {"fr": "À télécharger", "en": "To download"},
}
FIGURES = "datasets/cards/figures"


@dataclass(frozen=True)
class Notebooks:
    """The notebooks of one language, by the name of their page.

    Attributes:
        executed: lessons with solutions and outputs.
        learners: the same as a learner has them.
        released: assignments as students receive them.
    """

    executed: Mapping[str, NotebookNode]
    learners: Mapping[str, NotebookNode]
    released: Mapping[str, NotebookNode]


class Sources:
    """Writes the sources of one language.

    Args:
        folder: where to write; `pages/` is what Sphinx reads, `files/` what is copied as it is.
    """

    def __init__(self, folder: Path, outline: Outline, lang: Lang, notebooks: Notebooks) -> None:
        self.folder, self.outline, self.lang, self.notebooks = folder, outline, lang, notebooks
        self.cards = read_cards(outline.root, lang)
        self.of_files = outline.pages() | {card.path: card.page for card in self.cards}
        with_notebooks = {*notebooks.executed, *notebooks.released}
        self.suffixes = {
            page: ".ipynb" if page in with_notebooks else ".md" for page in self.of_files.values()
        }
        self.templates = Environment(
            loader=FileSystemLoader(_PAGES),
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            autoescape=False,
            finalize=lambda value: "" if value is None else value,
        )
        self.templates.filters["h"] = lambda text: typeset(html.escape(str(text)), lang)
        self.templates.filters["code"] = lambda text: _CODE.sub(r"<code>\1</code>", text)

    def write(self) -> dict[str, Any]:
        """Write everything; what the templates of Sphinx know of the course."""
        self._page("index", "index", cards=self.cards)
        self._page("start", "start")
        self._page("competencies", "competencies")
        self._page("about", "about", version=__version__)
        self._page("project", "project")
        self._glossary()
        for week in self.outline.weeks:
            self._week(week)
        self._data()
        return {"course": course_context(self.outline, self.lang), "cards": self._card_groups()}

    def _page(self, page: str, template: str, **known: Any) -> None:
        self._write(f"{page}.md", self._render(page, template, **known))

    def _render(self, page: str, template: str, **known: Any) -> str:
        def href(target: str, suffix: str = ".html") -> str:
            return posixpath.relpath(target, posixpath.dirname(page) or ".") + suffix

        def say(fr: str, en: str) -> str:
            return typeset(fr, "fr") if self.lang == "fr" else en

        def of(text: Text) -> str:
            return text.of(self.lang)

        return self.templates.get_template(f"{template}.md.j2").render(
            outline=self.outline, lang=self.lang, page=page, t=say, href=href, of=of, **known
        )

    def _write(self, name: str, text: str) -> None:
        path = self.folder / "pages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _week(self, week: Week) -> None:
        body = ""
        if week.readme:
            path = week.readme.relative_to(self.outline.root).as_posix()
            text = half(week.readme.read_text(encoding="utf-8"), self.lang)
            body = with_links(text, path, self.of_files, self.suffixes)
        self._page(week.page, "week", week=week, body=body)
        for number, lesson in enumerate(week.lessons, start=1):
            if lesson.page:
                self._lesson(week, number, lesson.page)
        if week.assignment.page:
            self._assignment(week, week.assignment.page)

    def _lesson(self, week: Week, number: int, page: str) -> None:
        header = self._render(page, "lesson_header", week=week, number=number)
        made = lesson_page(self.notebooks.executed[page], self.lang, header)
        self._notebook(page, f"course/{page}.md", made, self.notebooks.learners[page])

    def _assignment(self, week: Week, page: str) -> None:
        header = self._render(page, "assignment_header", week=week)
        released = self.notebooks.released[page]
        made = assignment_page(released, self.lang, header)
        name = week.module.assignment.name
        self._notebook(page, f"assignments/{name}/{name}.md", made, released)

    def _notebook(self, page: str, path: str, shown: NotebookNode, handed: NotebookNode) -> None:
        """A page, and the notebook to download beside it."""
        for cell in shown.cells:
            if cell.cell_type == "markdown":
                cell.source = with_links(cell.source, path, self.of_files, self.suffixes)
        self._write(f"{page}.ipynb", to_json(shown))
        download = self.folder / "files" / f"{page}.ipynb"
        download.parent.mkdir(parents=True, exist_ok=True)
        download.write_text(to_json(handed), encoding="utf-8")

    def _data(self) -> None:
        self._page("data/index", "data", groups=self._card_groups(), cards=self.cards)
        for card in self.cards:
            body = with_links(card.body, card.path, self.of_files, self.suffixes)
            weeks = [self.outline.week(week) for week in sorted(card.weeks)]
            self._page(card.page, "card", card=card, body=body, weeks=weeks)
            if card.croissant:
                target = self.folder / "files" / f"{card.page}.croissant.json"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(card.croissant, target)
        figures = self.folder / "pages" / "data" / "figures"
        shutil.copytree(self.outline.root / FIGURES, figures, dirs_exist_ok=True)

    def _card_groups(self) -> list[dict[str, Any]]:
        """The cards that the course makes, then by theme of the first week that each serves."""
        titles = dict(_GROUPS)
        for theme in self.outline.syllabus.themes:
            titles[theme.id] = {
                lang: f"{theme.id} · {words[0].upper()}{words[1:]}"
                for lang, words in theme.title.model_dump().items()
            }
        groups: dict[str, list[Card]] = {key: [] for key in titles}
        for card in self.cards:
            groups[self._group(card)].append(card)
        return [
            {
                "title": titles[key][self.lang],
                "cards": sorted(cards, key=lambda card: folded(card.title or card.name)),
            }
            for key, cards in groups.items()
            if cards
        ]

    def _group(self, card: Card) -> str:
        if card.weeks:
            return self.outline.week(card.weeks[0]).module.themes[0]
        return "made" if card.synthetic else "download"

    def _glossary(self) -> None:
        terms = sorted(read_glossary(self.outline.root).terms, key=self._folded_term)
        letters = [
            (letter, list(found))
            for letter, found in groupby(terms, lambda term: self._folded_term(term)[0].upper())
        ]
        self._page("glossary", "glossary", letters=letters, count=len(terms))

    def _folded_term(self, term: Term) -> str:
        return folded(term.fr if self.lang == "fr" else term.en)


def course_context(outline: Outline, lang: Lang) -> list[dict[str, Any]]:
    """The months, weeks and pages of the course for the menu of each page."""
    return [
        {
            "number": month.month,
            "title": month.title.of(lang),
            "weeks": list(_weeks(outline.of_month(month), lang)),
        }
        for month in outline.syllabus.months
    ]


def _weeks(weeks: list[Week], lang: Lang) -> Iterator[dict[str, Any]]:
    for week in weeks:
        parts = [*week.lessons, week.assignment]
        yield {
            "number": week.module.week,
            "title": week.module.title.of(lang),
            "page": week.page,
            "themes": week.module.themes,
            "state": week.state,
            "parts": [
                {"title": part.title.of(lang), "page": part.page} for part in parts if part.page
            ],
        }
