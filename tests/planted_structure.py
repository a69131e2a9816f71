"""Faults in the structure of a pair, and in its numbers."""

from planted import Planted, code, pair

PLANTED = {
    "pair-headings": [
        Planted(
            fault=pair("## Un titre\n\nDu texte.", "### A title ⟵\n\nSome text."),
            near_miss=pair("## Un titre\n\nDu texte.", "## A title\n\nSome text."),
            says=("level 3", "French", "level 2"),
        ),
    ],
    "pair-lists": [
        Planted(
            fault=pair("- un lit\n- une chambre", "- a bed ⟵"),
            near_miss=pair("- un lit\n- une chambre", "* a bed\n* a room"),
            says=("list of 1 items", "list of 2 items"),
        ),
        Planted(
            fault=pair("- un lit\n  - bas ⟵", "- a bed"),
            near_miss=pair("- un lit\n  - bas", "- a bed\n  - low"),
            says=("nested 1 deep", "write it in English too"),
        ),
        Planted(
            fault=pair("1. Lire\n2. Écrire", "- Read ⟵\n- Write"),
            near_miss=pair("1. Lire\n2. Écrire", "1. Read\n1. Write"),
            says=("bullet list", "numbered list"),
        ),
    ],
    "pair-tables": [
        Planted(
            fault=pair("| a | b |\n| - | - |\n| 1 | 2 |", "| a | ⟵\n| - |\n| 1 |"),
            near_miss=pair("| a | b |\n| - | - |\n| 1 | 2 |", "a | b\n--|--\n1 | 2"),
            says=("2 rows and 2 columns",),
        ),
    ],
    "pair-quotations": [
        Planted(
            fault=pair("> Où est le tube ? ⟵", "Where is the tube?"),
            near_miss=pair("> Où est le tube ?", "> Where is the tube?"),
            says=("the English has nothing that answers this quotation",),
        ),
    ],
    "pair-paragraphs": [
        Planted(
            fault=pair("Un séjour.\n\nUn lit. ⟵", "A stay."),
            near_miss=pair("Un séjour.\n\nUn lit.", "A\nstay.\n\nA bed."),
            says=("the English has nothing that answers this paragraph",),
        ),
    ],
    "pair-blocks": [
        Planted(
            fault=pair("Tapez :\n\n``` ⟵\nls\n```", "Type:"),
            near_miss=pair("Tapez :\n\n```\nls\n```", "Type:\n\n```\nls\n```"),
            says=("this code block",),
        ),
    ],
    "pair-sentences": [
        Planted(
            fault=pair(
                "On compte les lignes. On dit ce qui sort, et pourquoi. On vérifie.",
                "Count the rows. ⟵",
            ),
            near_miss=pair(
                "On compte les lignes, on dit ce qui sort et pourquoi, puis on vérifie.",
                "Count the rows. State what leaves, and why. Then check everything.",
            ),
            says=("1 sentences", "has 3"),
        ),
        Planted(
            fault=pair("Que renvoie la fonction ?", "See what the function returns. ⟵"),
            near_miss=pair("Que renvoie la fonction ?", "What does the function return?"),
            says=("0 questions",),
        ),
    ],
    "pair-links": [
        Planted(
            fault=pair("Lire <https://example.org/a>. ⟵", "Read <https://example.org/b>."),
            near_miss=pair("Lire <https://example.org/a>.", "Read [it](https://example.org/a)."),
            says=("does not link to https://example.org/a",),
        ),
        Planted(
            fault=pair(
                "Lire [ici](https://example.org/fr/a.html).",
                "Read [here](https://example.net/en/b.html). ⟵",
            ),
            near_miss=pair(
                "Lire [ici](https://docs.python.org/fr/3/a.html), [là](https://fr.wikipedia.org/wiki/Lit).",
                "Read [here](https://docs.python.org/3/a.html), [there](https://en.wikipedia.org/wiki/Bed).",
            ),
            says=("the French does not link to https://example.net/en/b.html",),
        ),
    ],
    "pair-code": [
        Planted(
            fault=pair("Écrivez `mean(values)`.", "Write `mean(value)`. ⟵"),
            near_miss=pair(
                "`mean(values)` suffit : `mean`, $x = 0{,}5$.", "`mean`: `mean(values)`, $x = 0.5$."
            ),
            says=("`mean(value)` is not in the French",),
        ),
        Planted(
            fault=pair("Lisez `absent`.", "Read `missing`. ⟵"),
            near_miss=code('x = t(fr="absent", en="missing")')
            + pair("Lisez `absent`.", "Read `missing`."),
            says=("`missing`",),
        ),
    ],
    "pair-images": [
        Planted(
            fault=pair("![Un plan du service](plan.png) ⟵", "A plan."),
            near_miss=pair("![Un plan](plan-fr.png)", "![A plan](plan-en.png)"),
            says=("does not show the image plan.png",),
        ),
    ],
    "pair-numbers": [
        Planted(
            fault=pair("Un délai sur 18 (5,5 %).", "One delay in 18 (55%). ⟵"),
            near_miss=pair("Un délai sur 18 (5,5 %).", "One delay in 18 (5.5%)."),
            says=("55 is in the English, not in the French",),
        ),
        Planted(
            fault=pair("15 524 tests.", "15,542 tests. ⟵"),
            near_miss=pair("15\u202f524 tests, 3 436 âges.", "15,524 tests, 3,436 ages."),
            says=("15542 in '15,542'",),
        ),
        Planted(
            fault=pair("Le 3 mars 2020 à 7 h 30.", "On 3 April 2020 at 7:30. ⟵"),
            near_miss=pair("Le 1er mars 2020 à 19 h 30.", "On March 1st, 2020 at 7:30 p.m."),
            says=("4 in 'April'",),
        ),
        Planted(
            fault=pair("La valeur est −70 [1].", "The value is 70 [1]. ⟵"),
            near_miss=pair(
                "Au XIXe siècle, 2 lits : 3–4 [1].", "In the 19th century, two beds: 3 to 4 [1]."
            ),
            says=("70 is in the English",),
        ),
        Planted(
            fault=code('print(t(\n    fr="seuil de 7 jours",\n    en="threshold of 8 days", ⟵\n))'),
            near_miss=code('print(t(fr=f"à {x:.1f} : 1,5 h", en=f"at {x:.1f}: 1.5 h"))'),
            says=("8 is in the English",),
        ),
        Planted(
            fault=code(
                "x = 1 ⟵",
                ':alt: {fr: "Barres : 85 % pour deux lieux", en: "Bars: 58% for two places"}',
            ),
            near_miss=code(
                "x = 1",
                ':alt: {fr: "Barres : 85 % pour deux lieux", en: "Bars: 85% for two places"}',
            ),
            says=("85 is in the French",),
        ),
    ],
    "number-notation": [
        Planted(
            fault=pair("Un délai de 7,2 heures.", "A delay of 7,2 hours. ⟵"),
            near_miss=pair(
                "Il écrit « 7,2 », pour 1 200 lits.", 'It writes "7,2", for 1,200 beds.'
            ),
            says=("a decimal comma in the English: 7,2", "write a point"),
        ),
        Planted(
            fault=pair("Une dose de 7.2 mg. ⟵", "A dose of 7.2 mg."),
            near_miss=pair("Avec Python 3.11, `7.2 mg`.", "With Python 3.11, `7.2 mg`."),
            says=("a decimal point in the French: 7.2",),
        ),
    ],
}
