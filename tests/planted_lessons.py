"""Faults in what surrounds a lesson: its figures, its opening and closing, its links."""

from planted import Planted, code, pair

ALT = (
    ':alt: {fr: "Barres : un tiers des lits sont vides", en: "Bars: a third of the beds are empty"}'
)
DRAW = 'fig, ax = plt.subplots()\nax.bar(x, y)\nax.set(xlabel="UF", ylabel="n")'
OPENING_FR = """# Titre

> **La question de l'hôpital.** Qui se trompe ?

**À la fin de cette leçon, vous saurez**

- lire ;
- écrire.

**Il vous faut :** rien.
**Durée :** 75 minutes."""
OPENING_EN = """# Title

> **The hospital's question.** Who is wrong?

**By the end of this lesson, you will be able to**

- read;
- write.

**You need:** nothing.
**Time:** 75 minutes."""
CLOSING_FR = """## À retenir

- Un.
- Deux.

## À demander dans le service

> « Où va le tube ? »

## Références

1. Un article, doi:10.1000/abc."""
CLOSING_EN = """## Key points

- One.
- Two.

## To ask in the service

> "Where does the tube go?"

## References

1. An article, <https://doi.org/10.1000/abc>."""
EXERCISE = code("x = None", ":tags: [exercise]")


def opening(old: str, new: str) -> str:
    """The opening, its English changed."""
    assert old in OPENING_EN
    return pair(OPENING_FR, OPENING_EN.replace(old, new))


def closing(old: str, new: str) -> str:
    """The closing, its English changed."""
    assert old in CLOSING_EN
    return pair(CLOSING_FR, CLOSING_EN.replace(old, new))


PLANTED = {
    "figure-alt": [
        Planted(
            fault=code(DRAW + "  # ⟵").replace("fig, ax", "⟵fig, ax").replace("  # ⟵", ""),
            near_miss=code(DRAW, ALT),
            says=("a figure without alternative text", "alt: {fr: …, en: …}"),
        ),
        Planted(
            fault=code("⟵" + DRAW, ':alt: {fr: "Barres : un tiers des lits sont vides"}'),
            near_miss=code("table.plot_count()\nfit.plotted = 1"),
            says=("in English says too little",),
        ),
        Planted(
            fault=code("⟵table.plot.hist()"),
            near_miss=code("def draw(x):\n    ax.hist(x)"),
            says=("without alternative text",),
        ),
        Planted(
            fault=code("def draw(x):\n    ax.hist(x)") + code("⟵draw(1)"),
            near_miss=code(DRAW).replace("ax.bar(x, y)", "ax.grid()"),
            says=("without alternative text",),
        ),
    ],
    "figure-labels": [
        Planted(
            fault=code("⟵" + DRAW.replace('xlabel="UF", ', ""), ALT),
            near_miss=code(DRAW, ALT),
            says=("without a label on its x axis",),
        ),
        Planted(
            fault=code('⟵table.plot(xlabel="UF")', ALT),
            near_miss=code('table.plot(xlabel="UF", ylabel="n")', ALT)
            + code("ax.imshow(image)", ALT)
            + code('ax.plot(x)\nax.axis("off")', ALT),
            says=("y axis",),
        ),
    ],
    "image-alt": [
        Planted(
            fault=pair("![](plan.png) ⟵", "![A plan](plan.png)"),
            near_miss=pair("![Un plan](plan.png)", "![A plan](plan.png)"),
            says=("plan.png has no alternative text",),
        ),
    ],
    "lesson-opening": [
        Planted(
            fault=opening("**Time:** 75", "75"),
            near_miss=opening("The hospital's", "The hospital’s"),
            says=("time", "English", "**Time:**"),
        ),
        Planted(
            fault=opening("- write.", "- write;\n- a;\n- b;\n- c.").replace("**By", "⟵**By"),
            near_miss=opening("- write.", "- write,\n  well."),
            says=("5 objectives in English",),
        ),
        Planted(
            fault=opening("**Time:** 75 minutes.", "**Time:** 120 minutes. ⟵"),
            near_miss=opening("75 minutes.", "75 minutes, two exercises included."),
            says=("60 to 90 minutes", "120"),
        ),
        Planted(
            fault=opening("Who is wrong?", "Someone is wrong. ⟵"),
            near_miss=opening("Who is wrong?", "Someone is.\n> Who is wrong?"),
            says=("asks nothing",),
        ),
    ],
    "lesson-closing": [
        Planted(
            fault=closing("## Key points", "## To remember"),
            near_miss=closing("- Two.", "- Two.\n- Three."),
            says=("no heading 'Key points' in English",),
        ),
        Planted(
            fault=closing("## To ask in the service", "## To ask in the service ⟵").replace(
                "go?", "go."
            ),
            near_miss=pair(CLOSING_FR, CLOSING_EN),
            says=("asks nothing",),
        ),
    ],
    "lesson-references": [
        Planted(
            fault=closing("1. An article, <https://doi.org/10.1000/abc>.", "1. An article. ⟵"),
            near_miss=closing("An article, <", "An article,\n   <"),
            says=("without DOI or address: '1. An article.",),
        ),
    ],
    "lesson-practice": [
        Planted(
            fault=EXERCISE + code(DRAW) * 2,
            near_miss=EXERCISE * 2 + code(DRAW) + pair("![Un plan](p.png)", "![A plan](p.png)"),
            says=("1 exercises",),
        ),
        Planted(
            fault=EXERCISE * 2 + code(DRAW),
            near_miss=EXERCISE * 2 + code(DRAW) * 2,
            says=("1 figures",),
        ),
    ],
    "dead-link": [
        Planted(
            fault=pair("Voir [ici](missing.md). ⟵", "See [here](missing.md)."),
            near_miss=pair("Voir [ici](w99-planted.md).", "See <https://example.org/missing.md>."),
            says=("missing.md leads to no file",),
        ),
        Planted(
            fault=pair("## Un titre\n\nVoir [ici](#autre). ⟵", "## A title"),
            near_miss=pair("## L'été : un titre\n\nVoir [ici](#lété--un-titre).", "## A title"),
            says=("#autre leads to no heading",),
        ),
    ],
}
