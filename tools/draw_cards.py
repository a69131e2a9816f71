"""Write the cards of the catalogue's sets, their figures and their Croissant metadata.

    .venv/bin/python tools/draw_cards.py [name …]

Cards and metadata depend on the descriptions alone; figures also on the data, so that a set whose
package is not installed keeps the figure it has. Each figure carries a digest of the checksum of
the set, of its `preview` and of this file: a test says when it is out of date without comparing
pixels.
"""

import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from health_datasets.open_data import MissingPackageError, SetDescription, describe, load, names
from health_datasets.open_data.cards import card
from health_datasets.open_data.croissant import croissant
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

CARDS = Path(__file__).resolve().parents[1] / "datasets" / "cards"
DIGEST_KEY = "Preview-SHA256"
# Okabe and Ito: told apart by colour-blind readers; dashes as well
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
DASHES = ("-", "--", ":", "-.")
MOST_GROUPS, MOST_BARS, IMAGE_SIDE, COLOURS_KEPT = 4, 16, 220, 64


def figure_path(name: str) -> Path:
    """Where the figure of a set lies."""
    return CARDS / "figures" / f"{name}.png"


def croissant_path(name: str) -> Path:
    """Where the Croissant metadata of a set lies."""
    return CARDS / "croissant" / f"{name}.json"


def croissant_text(found: SetDescription) -> str:
    """Return the content of that file."""
    return json.dumps(croissant(found), ensure_ascii=False, indent=1) + "\n"


def digest(found: SetDescription) -> str:
    """What a figure depends on."""
    parts = (
        found.source.sha256,
        found.preview.model_dump_json(),
        Path(__file__).read_text("utf-8"),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def draw(found: SetDescription, content: Any) -> bytes:
    """Return the PNG of a set's preview."""
    if found.preview.kind == "image":
        picture = Image.fromarray(content)
        picture.thumbnail((IMAGE_SIDE, IMAGE_SIDE))
    else:
        picture = _plot(found, content)
    picture = picture.convert("RGB").quantize(COLOURS_KEPT)
    information = PngInfo()
    information.add_text(DIGEST_KEY, digest(found))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True, pnginfo=information)
    return file.getvalue()


def _plot(found: SetDescription, content: Any) -> Image.Image:
    figure = Figure(figsize=(4.8, 3), dpi=110, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    draw_kind = {
        "histogram": _histogram,
        "bars": _bars,
        "scatter": _scatter,
        "survival": _survival,
        "line": _line,
        "levels": _levels,
    }[found.preview.kind]
    draw_kind(axes, found, content)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba()))


def _label(found: SetDescription, name: str | None) -> str:
    units = {column.name: column.unit for column in found.all_columns()}
    unit = units.get(name or "")
    return f"{name} ({unit})" if unit and unit != name else name or ""


def _groups(found: SetDescription, table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the parts of the table to tell apart, the largest ones, each with its legend."""
    by = found.preview.by
    if by is None:
        return [("", table)]
    kept = sorted(table[by].value_counts().index[:MOST_GROUPS])
    return [(f"{by} = {value}", table[table[by] == value]) for value in kept]


def _histogram(axes: Axes, found: SetDescription, table: pd.DataFrame) -> None:
    look = found.preview
    values = table[look.x].dropna()
    low = values.min() if look.low is None else look.low
    high = values.max() if look.high is None else look.high
    whole = pd.api.types.is_integer_dtype(values) and high - low <= 60
    bins = np.arange(low, high + 2) - 0.5 if whole else np.linspace(low, high, 41)
    for number, (name, part) in enumerate(_groups(found, table)):
        shown = part[look.x].dropna()
        style = {"histtype": "step", "linestyle": DASHES[number]} if name else {"alpha": 0.9}
        axes.hist(shown, bins, density=bool(name), color=COLOURS[number], label=name, **style)
    axes.set(xlabel=_label(found, look.x), ylabel="density" if look.by else "count")
    if look.by:
        axes.legend(frameon=False)


def _bars(axes: Axes, found: SetDescription, table: pd.DataFrame) -> None:
    look = found.preview
    assert look.x is not None
    values = table[look.x].str[:1] if look.x == "atc_code" else table[look.x]
    if look.by:
        counts = pd.crosstab(values, table[look.by])
        counts.plot.bar(ax=axes, color=COLOURS, rot=0)
        axes.legend(title=look.by, frameon=False)
    else:
        shown = values.value_counts().sort_index()[:MOST_BARS]
        axes.barh([str(name) for name in shown.index], shown.to_numpy(), color=COLOURS[0])
        axes.invert_yaxis()
        axes.locator_params(axis="x", nbins=5)
    axes.set(
        xlabel=_label(found, look.x) if look.by else "count",
        ylabel="count" if look.by else _label(found, look.x),
    )


def _scatter(axes: Axes, found: SetDescription, table: pd.DataFrame) -> None:
    look = found.preview
    axes.scatter(table[look.x], table[look.y], s=6, alpha=0.5, color=COLOURS[0], linewidths=0)
    axes.set(xlabel=_label(found, look.x), ylabel=_label(found, look.y))


def _survival(axes: Axes, found: SetDescription, table: pd.DataFrame) -> None:
    look = found.preview
    for number, (name, part) in enumerate(_groups(found, table)):
        times, share = _kaplan_meier(part[look.x], part[look.y] == look.event)
        style = {"linestyle": DASHES[number], "color": COLOURS[number]}
        axes.step(times, share, where="post", label=name, **style)
    axes.set(xlabel=_label(found, look.x), ylabel="Kaplan-Meier", ylim=(0, 1.02))
    if look.by:
        axes.legend(frameon=False)


def _kaplan_meier(times: pd.Series, event: pd.Series) -> tuple[list[float], list[float]]:
    """Return the steps of the Kaplan-Meier estimate, from (0, 1)."""
    counts = pd.DataFrame({"time": times, "event": event}).groupby("time")["event"]
    events, leaving = counts.sum(), counts.size()
    at_risk = leaving[::-1].cumsum()[::-1]
    share = (1 - events / at_risk).cumprod()
    return [0.0, *share.index], [1.0, *share]


def _line(axes: Axes, found: SetDescription, content: Any) -> None:
    look = found.preview
    if look.x is None:
        axes.plot(content, color=COLOURS[0], linewidth=0.8)
        axes.set(xlabel="sample", ylabel="amplitude")
        return
    table = content if look.high is None else content[content[look.x] <= look.high]
    for number, (name, part) in enumerate(_groups(found, table)[:3]):
        style = {"linestyle": DASHES[number], "color": COLOURS[number], "linewidth": 0.9}
        axes.plot(part[look.x], part[look.y], label=name, **style)
    axes.set(xlabel=_label(found, look.x), ylabel=_label(found, look.y))
    if look.by:
        axes.legend(frameon=False)


def _levels(axes: Axes, found: SetDescription, content: Any) -> None:
    assert found.array is not None
    axes.hist(content.ravel(), 80, color=COLOURS[0], log=True)
    unit = f" ({found.array.unit})" if found.array.unit else ""
    axes.set(xlabel=f"value{unit}", ylabel="pixels")


def main(chosen: list[str]) -> None:
    """Write what the chosen sets, or all of them, need."""
    for name in chosen or names():
        found = describe(name)
        for path in (figure_path(name), croissant_path(name)):
            path.parent.mkdir(parents=True, exist_ok=True)
        (CARDS / found.card).write_text(card(found), encoding="utf-8")
        croissant_path(name).write_text(croissant_text(found), encoding="utf-8")
        try:
            figure_path(name).write_bytes(draw(found, load(name)))
        except MissingPackageError as error:
            print(f"{name}: figure left as it is ({error})")


if __name__ == "__main__":
    main(sys.argv[1:])
