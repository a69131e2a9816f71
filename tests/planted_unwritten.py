"""Marks that a skeleton leaves where its author has to write."""

from planted import Planted, code, pair

_FIGURE = """---
alt:
  fr: "Barres : les journées par service.{mark}"
  en: "Bars: the days of each unit."
tags: [figure]
---"""

PLANTED = {
    "to-write": [
        Planted(
            fault=pair("Un lit.", "A bed.") + pair("À ÉCRIRE : la question. ⟵", "A question."),
            near_miss=pair("Le bilan reste à écrire par l'IDE.", "What to write: an order."),
            says=("cell 3", "la question"),
        ),
        Planted(
            fault=code("# TO WRITE: the data ⟵\nx = 1"),
            near_miss=code("# how to write the data\nx = 'TO WRITER'"),
            says=("cell 1", "the data", "remove the mark"),
            kind="assignment",
        ),
        Planted(
            fault=code("x = 1")
            + code("y = 2", _FIGURE.format(mark=" A ECRIRE : ce qu'elle montre. ⟵")),
            near_miss=code("y = 2", _FIGURE.format(mark="")),
            says=("cell 2", "ce qu'elle montre"),
        ),
    ],
}
