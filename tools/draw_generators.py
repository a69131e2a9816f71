"""Draw what the generated images and signals look like, for their cards.

    .venv/bin/python tools/draw_generators.py

Writes datasets/cards/figures/dermoscopy.png, ecg.png and tissue-tiles.png. Both languages share
a figure: its few words are the same in both, or given in both.
"""

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "datasets"))

from health_datasets import abcd_performance, dermoscopy, dermoscopy_lesions, ecg, tiles  # noqa: E402

FIGURES = ROOT / "datasets" / "cards" / "figures"
LARGEST_BYTES = 60_000
DPI = 100
NAEVUS, MELANOMA = "#0072b2", "#d55e00"  # Okabe and Ito: told apart by colour-blind readers
RHYTHM_WORDS = {
    "sinus": "rythme sinusal · sinus rhythm",
    "bradycardia": "bradycardie sinusale · sinus bradycardia",
    "tachycardia": "tachycardie sinusale · sinus tachycardia",
    "atrial_fibrillation": "fibrillation atriale · atrial fibrillation",
    "premature_ventricular": "extrasystoles ventriculaires · premature ventricular beats",
}


def save(figure: Figure, name: str) -> None:
    """Write the figure with as many colours as its size on disk allows."""
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    picture = Image.open(buffer).convert("RGB")
    path = FIGURES / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    for colours in (128, 96, 64, 48, 32, 24):
        small = picture.quantize(colours, kmeans=2, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        if path.stat().st_size <= LARGEST_BYTES:
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes, {colours} colours")
            return
    raise SystemExit(f"{path.name} does not fit in {LARGEST_BYTES:,} bytes")


def show(figure: Figure, image: np.ndarray, left: int, top: int, words: str) -> None:
    """Put an image, a pixel a pixel, at `left`, `top` (pixels), its words below."""
    width, height = figure.get_size_inches() * DPI
    size = image.shape[0]
    axes = figure.add_axes((left / width, 1 - (top + size) / height, size / width, size / height))
    axes.imshow(image, interpolation="nearest")
    axes.axis("off")
    figure.text((left + size / 2) / width, 1 - (top + size + 3) / height, words, ha="center",
                va="top", fontsize=7.5)  # fmt: skip


def draw_dermoscopy() -> Figure:
    """Six lesions, and how the score is spread in the two diagnoses."""
    size = 116
    data = dermoscopy(lesions=300, seed=3, images_per_lesion=1, size=size)
    figure = Figure(figsize=(7.4, 3.1), dpi=DPI)
    for place, number in enumerate(choose_lesions(data.table)):
        row = data.table.iloc[number]
        word = {"naevus": "nævus", "melanoma": "mélanome"}[row["diagnosis"]]
        words = f"A{row['A']} B{row['B']} C{row['C']} D{row['D']} : TDS {row['tds']:.1f}\n{word}"
        left, top = 6 + (size + 6) * (place % 3), 6 + (size + 32) * (place // 3)
        show(figure, data.images[number], left, top, words)
    draw_scores(figure)
    return figure


def choose_lesions(table: pd.DataFrame) -> list[int]:
    """Choose lesions of each symmetry, of several tones, with hair and with a ruler."""
    wanted = (
        "A == 0 and hairs <= 2 and not ruler and C <= 3 and D <= 3 and ground == 'light_brown'",
        "A == 1 and hairs > 3 and not ruler and skin_tone == 'very_light' and C <= 4",
        "A == 2 and ruler and C >= 4 and skin_tone == 'light' and hairs < 6",
        "A == 0 and hairs < 6 and not ruler and skin_tone in ('brown', 'dark')",
        "A == 1 and skin_tone in ('tan', 'intermediate') and not ruler and hairs < 3",
        "A == 2 and diagnosis == 'melanoma' and hairs < 4 and not ruler and C >= 4"
        " and skin_tone in ('light', 'very_light')",
    )
    chosen: list[int] = []
    for query in wanted:
        chosen.append(next(k for k in table.query(query).index if k not in chosen))
    return chosen


def draw_scores(figure: Figure) -> None:
    axes = figure.add_axes((0.60, 0.17, 0.38, 0.66))
    table, known = dermoscopy_lesions(60_000, 1), abcd_performance()
    for word, shown, colour, style in (
        ("naevus", "nævus · naevus", NAEVUS, "-"),
        ("melanoma", "mélanome · melanoma", MELANOMA, "--"),
    ):
        score = table.loc[table["diagnosis"] == word, "tds"]
        share, edge = np.histogram(score, np.arange(0.95, 11.5, 0.5))
        axes.stairs(100 * share / len(score), edge, color=colour, linestyle=style, label=shown)
    axes.set(xlim=(0.5, 9.5), ylim=(0, 20))
    axes.axvline(known.cutoff, color="black", linewidth=0.8)
    axes.set_xlabel("score TDS (points)", fontsize=8)
    axes.set_ylabel("lésions · lesions (%)", fontsize=8)
    axes.set_title(
        f"TDS > {known.cutoff} : Se {known.sensitivity:.0%}, Sp {known.specificity:.0%}\n"
        f"AUC ≤ {known.best_auc:.3f}",
        fontsize=8,
    )
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=7, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def draw_ecg() -> Figure:
    """Six seconds of lead II in each rhythm, on paper of 0.2 s and 0.5 mV."""
    data = ecg(records=120, seed=1)
    calm = data.table[(data.table["noise"] == "low") & data.table["axis"].between(30, 80)]
    figure = Figure(figsize=(7.2, 6.0), dpi=DPI)
    for place, (rhythm, words) in enumerate(RHYTHM_WORDS.items()):
        row = calm[calm["rhythm"] == rhythm].iloc[0]
        axes = figure.add_axes((0.075, 0.83 - 0.185 * place, 0.91, 0.135))
        time = np.arange(6 * data.rate) / data.rate
        axes.plot(time, data.signals[row.name, 1, : len(time)], color="black", linewidth=0.7)
        seconds = [f"{k / 5:.0f}" if k % 5 == 0 else "" for k in range(31)]
        axes.set_xticks(np.arange(0, 6.1, 0.2), seconds)
        axes.set_yticks([-0.5, 0, 0.5, 1, 1.5], ["", "0", "", "1", ""])
        axes.grid(color="#f3b8b0", linewidth=0.5)
        axes.set(xlim=(0, 6), ylim=(-0.9, 1.8))
        axes.tick_params(labelsize=7, length=0)
        axes.set_ylabel("II (mV)", fontsize=7)
        axes.set_title(f"{words} ({row['heart_rate']:.0f}/min)", fontsize=8, loc="left", pad=3)
    axes.set_xlabel("temps · time (s)", fontsize=8)
    return figure


def draw_tissue() -> Figure:
    """The four grades, then glands, another laboratory, blur and a fold."""
    size = 120
    data = tiles(slides=90, seed=4, tiles_per_slide=6, size=size)
    table = data.tiles.merge(data.slides[["slide_id", "laboratory"]], on="slide_id")
    clear = "blur_px == 0 and not fold and "
    first = clear + "laboratory == 'A' and content in ('epithelium', 'carcinoma') and grade == "
    wanted = (
        (first + "0", "0 bénin · benign"),
        (first + "1", "1 bas grade · low grade"),
        (first + "2", "2 haut grade · high grade"),
        (first + "3", "3 invasif · invasive"),
        (clear + "content == 'glands'", "glandes · glands"),
        (clear + "laboratory == 'C' and grade == 1", "labo · laboratory C"),
        (
            "blur_px > 1.4 and not fold and content == 'epithelium' and laboratory == 'B'",
            "labo B, flou · blurred",
        ),
        ("fold and blur_px == 0 and content == 'epithelium'", "pli · fold"),
    )
    figure = Figure(figsize=(5.3, 3.0), dpi=DPI)
    for place, (query, words) in enumerate(wanted):
        number = int(table.query(query).index[0])
        image = data.images[number].copy()
        left, top = 6 + (size + 7) * (place % 4), 6 + (size + 24) * (place // 4)
        if place == 0:
            outline(image, data.nuclei[data.nuclei["tile_id"] == table["tile_id"].iloc[number]])
        show(figure, image, left, top, words)
    return figure


def outline(image: np.ndarray, boxes: pd.DataFrame) -> None:
    """Draw the boxes of a few nuclei of the epithelium, a pixel larger to be seen."""
    limit, cells = image.shape[0] - 1, boxes[boxes["kind"] == "epithelial"]
    for x0, y0, x1, y1 in cells[["x0", "y0", "x1", "y1"]].iloc[::3].round().astype(int).to_numpy():
        x0, y0 = max(x0 - 1, 0), max(y0 - 1, 0)
        right, bottom = min(x1, limit), min(y1, limit)
        image[[y0, bottom], x0 : right + 1] = 0
        image[y0 : bottom + 1, [x0, right]] = 0


if __name__ == "__main__":
    save(draw_dermoscopy(), "dermoscopy")
    save(draw_ecg(), "ecg")
    save(draw_tissue(), "tissue-tiles")
