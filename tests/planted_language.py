"""Faults of language: the wrong one, texts outside `t()`, words that are not the glossary's."""

from planted import Planted, code, pair

AUTHOR = code("from autograder.authoring import t", ":tags: [author]")

PLANTED = {
    "language": [
        Planted(
            fault=pair("Un texte.\n\nOn lit le fichier.", "A text.\n\nOn lit le fichier. ⟵"),
            near_miss=pair(
                "On lit le fichier.", "Read the file (*on lit le fichier*, “lisez-le”)."
            ),
            says=("not English: 'On lit le fichier.",),
        ),
        Planted(
            fault=pair(
                "| nom |\n| - |\n| the name of the ward | ⟵", "| name |\n| - |\n| the ward's name |"
            ),
            near_miss=pair(
                "| nom |\n| - |\n| `the name of it` |", "| name |\n| - |\n| `the name of it` |"
            ),
            says=("not French: 'the name of the ward'",),
        ),
        Planted(
            fault=pair(
                "Il faut convertir. Tout va bien.",
                "So we must convert it; il faut convertir pour de bon. All is well. ⟵",
            ),
            near_miss=pair(
                "Une classification : Unified Code for Units of Measure.",
                "A classification: the one of the *Société française de microbiologie*.",
            ),
            says=("il faut convertir",),
        ),
    ],
    "untranslated": [
        Planted(
            fault=pair("## Aide-mémoire", "## Aide-mémoire ⟵"),
            near_miss=pair("## Python, pandas", "## Python, pandas"),
            says=("the same words in both languages",),
        ),
    ],
    "t-language": [
        Planted(
            fault=code(
                'x = t(\n    fr="La date est mal lue.",\n    en="La date est mal lue ici.", ⟵\n)'
            ),
            near_miss=code(
                'x = t(fr="La date « as of the day » est mal lue.", en="The date is misread.")'
            ),
            says=("en=… is not English",),
        ),
        Planted(
            fault=code(
                "x = 1 ⟵",
                ':alt: {fr: "Bars of the share of tests", en: "Bars of the share of tests"}',
            ),
            near_miss=code(
                "x = 1", ':alt: {fr: "Barres : la part des tests", en: "Bars: the share of tests"}'
            ),
            says=("fr=… is not French",),
        ),
    ],
    "t-malformed": [
        Planted(
            fault=code('a = 1\nb = t(fr="un") ⟵'),
            near_miss=code('a = 1\nb = t(fr=["un"], en=["one"])'),
            says=("takes exactly fr=… and en=…",),
        ),
        Planted(
            fault=code('a = t("un", "one") ⟵'),
            near_miss=code('a = print("un", end="")'),
            says=("takes exactly",),
        ),
        Planted(
            fault=code('a = t(fr="un", en=text) ⟵'),
            near_miss=code('a = t(fr=f"un {text}", en=f"one {text}")'),
            says=("must be a literal, not text",),
        ),
        Planted(
            fault=code("a = f\"{t(fr='un', en='one')}\" ⟵"),
            near_miss=code("a = f\"{x}\" + t(fr='un', en='one')"),
            says=("inside an f-string",),
        ),
        Planted(
            fault=code('%time x\nt(fr="un", en="one") ⟵').replace(" ⟵", ""),
            near_miss=code("%time fit(fr=1)"),
            says=("plain Python", "magics"),
        ),
    ],
    "t-import": [
        Planted(
            fault=code("import math\nfrom autograder.authoring import t ⟵"),
            near_miss=AUTHOR + code('x = t(fr="un", en="one")'),
            says=("learners receive", "author"),
        ),
        Planted(
            fault=code('x = t(fr="un", en="one") ⟵'),
            near_miss=code("x = print(1)"),
            says=("before `from autograder.authoring import t`",),
        ),
    ],
    "t-values": [
        Planted(
            fault=code('x = t(\n    fr=f"{n} tests",\n    en="tests", ⟵\n)'),
            near_miss=code('x = t(fr=f"{n} tests, {d:%d/%m}", en=f"on {d:%d %B}, {n} tests")'),
            says=("en=… does not show {n}",),
        ),
        Planted(
            fault=code('x = t(fr=["tous", "aucun"], en=["all"]) ⟵'),
            near_miss=code('x = t(fr={"a": "tous"}, en={"a": "all"})'),
            says=("have not the same parts",),
        ),
    ],
    "t-needless": [
        Planted(
            fault=code('x = t(fr="nombre de tests", en="nombre de tests") ⟵'),
            near_miss=code('x = t(fr="tests positifs", en="positive tests")'),
            says=("the same text", "translate it"),
        ),
        Planted(
            fault=pair("Un seuil de 45 cycles.", "A threshold of 45 cycles.")
            + code('x = t(fr="Ct (cycles)", en="Ct (cycles)") ⟵'),
            near_miss=code('x = t(fr="notes", en="notes")'),
            says=("no t() is needed", "write the text itself"),
        ),
    ],
    "text-outside-t": [
        Planted(
            fault=code('print("the mean delay") ⟵'),
            near_miss=code(
                'import pandas\nprint("max(crp)  =", max(crp))\nprint(f"5 mg / 5 -> {5 / 5} mg")\n'
                'print("ValueError:", error)\nprint("pandas:", pandas.NA, "MAE")'
            ),
            says=("'the mean delay'", "write t(fr=…, en=…)"),
        ),
        Planted(
            fault=code('ax.set(xlim=(0, 1),\n       xlabel="age (years)") ⟵'),
            near_miss=pair("Un seuil de 45 cycles.", "A threshold of 45 cycles.")
            + code('ax.set_xlabel("Ct (cycles)")\nax.set_ylabel("ct_result")'),
            says=("'age (years)'",),
        ),
        Planted(
            fault=code('assert x == 1, "wrong value" ⟵'),
            near_miss=code('assert x == "wrong value", t(fr="valeur fausse", en="wrong value")'),
            says=("wrong",),
        ),
        Planted(
            fault=code('def f():\n    """Say it."""\n    raise ValueError(f"no unit in {x}") ⟵'),
            near_miss=code(
                'def f():\n    """Say it."""\n    ### BEGIN SOLUTION\n'
                '    raise ValueError(f"no unit in {x}")\n    ### END SOLUTION'
            ),
            says=("no unit",),
        ),
        Planted(
            fault=code('display(Markdown("**Well** done")) ⟵'),
            near_miss=code('table = pd.DataFrame(rows, columns=["absent", "pandas mean"])\ntable'),
            says=("Well",),
        ),
        Planted(
            fault=code('ax.legend(["known", "unknown"]) ⟵'),
            near_miss=code('ax.legend(t(fr=["connu"], en=["known"]))'),
            says=("known",),
        ),
    ],
    "term-avoided": [
        Planted(
            fault=pair("Une librairie.", "A library.").replace("librairie.", "librairie. ⟵"),
            near_miss=pair("Une « librairie » vend des livres.", "A library is no shop."),
            says=("'librairie'", "'bibliothèque'"),
        ),
        Planted(
            fault=pair("La précision du test.", "The accuracy of the test. ⟵"),
            near_miss=pair("L'exactitude du test.", "The accuracy of the test.")
            + pair("La précision, non l'exactitude.", "Precision, not accuracy."),
            says=("'accuracy'", "'precision'"),
        ),
    ],
    "term-lost": [
        Planted(
            fault=pair("Un texte.\n\nDeux séjours. ⟵", "A text.\n\nTwo hospitalisations."),
            near_miss=pair("Deux séjours, un prélèvement.", "Two stays, one collection."),
            says=("'séjours'", "the English has no 'stay'", "also_en"),
        ),
        Planted(
            fault=pair("L'IPP du patient.", "The patient's name, by the GDPR. ⟵"),
            near_miss=pair("L'IPP, selon le RGPD. Se lire.", "The IPP, by the GDPR. Check it."),
            says=("'GDPR'", "'RGPD'"),
        ),
    ],
}
