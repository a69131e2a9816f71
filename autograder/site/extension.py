"""What Sphinx lacks for this site: MathML, a search that ignores accents, French spaces, folds."""

import html
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish
from sphinx.search.fr import SearchFrench
from sphinx.transforms import SphinxTransform
from sphinx.writers.html5 import HTML5Translator

from autograder.authoring.course_files import folded
from autograder.typography import typeset

# accents fall before the stem is taken, here and in the reader's browser: “sejour” finds “séjour”
_FOLDING = """
window.foldAccents = (text) =>
  text.toLowerCase().replace(/œ/g, "oe").replace(/æ/g, "ae")
    .normalize("NFD").replace(/\\p{M}/gu, "");
const SnowballStemmer = window.Stemmer;
window.Stemmer = function () {
  const inner = new SnowballStemmer();
  this.stemWord = (word) => inner.stemWord(window.foldAccents(word));
};
"""


class _French(SearchFrench):
    js_splitter_code = _FOLDING  # put after the stemmer; the default splitter stays

    def stem(self, word: str) -> str:
        return super().stem(folded(word))


class _English(SearchEnglish):
    js_splitter_code = _FOLDING

    def stem(self, word: str) -> str:
        return super().stem(folded(word))


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_search_language(_French)
    app.add_search_language(_English)
    app.add_html_math_renderer("mathml", (_visit_math, None), (_visit_math_block, None))
    app.add_node(HideCodeCellNode, override=True, html=(_visit_fold, _depart_fold))
    app.add_transform(_FrenchSpaces)
    app.connect("html-page-context", _ways_between_languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class _FrenchSpaces(SphinxTransform):
    """No-break spaces in the text of French pages, code left as it is."""

    default_priority = 700  # before titles are collected

    def apply(self, **kwargs: Any) -> None:
        if self.config.language == "fr":
            for text in list(self.document.findall(nodes.Text)):
                code = (nodes.literal, nodes.FixedTextElement, nodes.math, nodes.raw)
                if text.parent is not None and not _inside(text, code):
                    text.parent.replace(text, nodes.Text(typeset(text.astext(), "fr")))


def _inside(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def _visit_math(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def _visit_fold(self: HTML5Translator, node: HideCodeCellNode) -> None:
    label = html.escape(node["prompt_show"])
    self.body.append(f'<details class="fold"><summary>{label}</summary>\n')


def _depart_fold(self: HTML5Translator, node: HideCodeCellNode) -> None:
    self.body.append("</details>\n")


def _ways_between_languages(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    other = "en" if app.config.language == "fr" else "fr"
    context["other_lang"] = other
    context["other_page"] = f"{context['content_root']}../{other}/{page}.html"
