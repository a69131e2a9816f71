"""The run of Sphinx on the sources of each language, in a process of its own."""

import io
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.authoring.translation import Lang

_HERE = Path(__file__).parent
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_WITHOUT_MENU = ("index", "start", "glossary", "competencies", "about", "search")
_SEARCH = {"fr": "Chercher dans le site", "en": "Search the site"}


@dataclass(frozen=True)
class Rendering:
    """The pages of one language, to be made.

    Attributes:
        sources: the folder that `Sources` wrote.
        known: what the templates know beside the page.
    """

    sources: Path
    output: Path
    lang: Lang
    known: dict[str, Any]


def render(renderings: Sequence[Rendering], workers: int) -> Iterator[list[str]]:
    """Make the pages; yields for each language Sphinx's warnings, none when all is well."""
    # a fresh interpreter each: Sphinx keeps its registers in modules
    with ProcessPoolExecutor(min(workers, len(renderings)), get_context("spawn")) as pool:
        yield from pool.map(_run_sphinx, renderings)


def _run_sphinx(rendering: Rendering) -> list[str]:
    from sphinx.application import Sphinx

    warnings = io.StringIO()
    sources = rendering.sources
    app = Sphinx(
        srcdir=sources / "pages",
        confdir=None,
        outdir=rendering.output,
        doctreedir=sources / "doctrees",
        buildername="html",
        confoverrides=settings(rendering.lang, sources / "files", rendering.known),
        status=None,
        warning=warnings,
    )
    app.build()
    lines = _COLOURS.sub("", warnings.getvalue()).splitlines()
    return [line.replace(f"{sources}/pages/", "") for line in lines if line.strip()]


def settings(lang: Lang, files: Path, known: dict[str, Any]) -> dict[str, Any]:
    """The configuration of Sphinx."""
    static = _HERE / "static"
    return {
        "project": "École IA Santé",
        "language": lang,
        "version": __version__,
        "release": __version__,
        "extensions": ["myst_nb", "autograder.site.extension"],
        "myst_enable_extensions": ["dollarmath"],
        "myst_heading_anchors": 4,
        "myst_update_mathjax": False,
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "nb_ipywidgets_js": {},
        "smartquotes": False,
        "templates_path": [str(_HERE / "templates")],
        "html_context": known | {"default_mode": "auto"},
        "html_copy_source": False,
        "html_extra_path": [str(files)],
        "html_favicon": str(static / "favicon.svg"),
        "html_math_renderer": "mathml",
        "html_show_sourcelink": False,
        "html_sidebars": {
            "m*/**": ["menu_course.html"],
            "assignments/*": ["menu_course.html"],
            "project": ["menu_course.html"],
            "data/*": ["menu_data.html"],
            **{page: [] for page in _WITHOUT_MENU},
        },
        "html_static_path": [str(static / "site.css"), str(static / "site.js")],
        "html_css_files": ["site.css"],
        "html_js_files": [("site.js", {"defer": "defer"})],
        "html_theme": "pydata_sphinx_theme",
        "html_theme_options": {
            "article_footer_items": [],
            "footer_center": [],
            "footer_end": [],
            "footer_start": ["footer.html"],
            "navbar_align": "left",
            "navbar_center": ["navigation.html"],
            "navbar_end": ["theme-switcher"],
            "navbar_persistent": ["search-button", "language.html"],
            "primary_sidebar_end": [],
            "search_bar_text": _SEARCH[lang],
            "secondary_sidebar_items": ["page-toc"],
        },
        "html_title": "École IA Santé",
        "html_use_index": False,
    }
