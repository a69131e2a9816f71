"""The tissue of one tile: how much haematoxylin and eosin lies where, and every nucleus.

Lengths are in micrometres, one a pixel. Depth runs from 0 at the basement membrane to 1 at
the surface of the epithelium.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from health_datasets.images.painting import Floats, field, soft

Numbers = NDArray[np.float64]

# height of the atypical cells, as a share of the epithelium's: mean and standard deviation
# (a third in low grade, more than two thirds in high grade; the overlap is an assumption)
ATYPICAL_HEIGHT: Final = {0: (0.0, 0.0), 1: (0.34, 0.07), 2: (0.82, 0.10)}
HALOED: Final = 0.45  # share of the upper cells of a low-grade lesion that are koilocytes


@dataclass(frozen=True)
class Nuclei:
    """Nuclei as ellipses, one number each: centre, half axes, angle (radians), density, kind."""

    x: Numbers
    y: Numbers
    long: Numbers
    short: Numbers
    turn: Numbers
    dark: Numbers
    kind: NDArray[np.str_]

    def where(self, kept: NDArray[np.bool_]) -> "Nuclei":
        return Nuclei(*(getattr(self, one.name)[kept] for one in fields(self)))


@dataclass(frozen=True)
class TileFacts:
    """The stains' amounts, both (size, size), and the nuclei of a tile."""

    haematoxylin: Floats
    eosin: Floats
    nuclei: Nuclei


def _together(groups: list[Nuclei]) -> Nuclei:
    """Join groups of nuclei, the later ones giving way where they would overlap."""
    joined = Nuclei(
        *(np.concatenate([getattr(g, one.name) for g in groups]) for one in fields(Nuclei))
    )
    if not len(joined.x):
        return joined
    away = np.hypot(joined.x[:, None] - joined.x, joined.y[:, None] - joined.y)
    reach = 0.85 * (joined.short[:, None] + joined.short)
    clash = np.tril(away < reach, -1)
    kept = np.ones(len(joined.x), np.bool_)
    for number in np.flatnonzero(clash.any(axis=1)):
        kept[number] = not (clash[number] & kept).any()
    return joined.where(kept)


def _nuclei(
    rng: np.random.Generator,
    x: Numbers,
    y: Numbers,
    size: tuple[float, float],
    spread: float,
    turn: Numbers | None,
    dark: float,
    kind: str,
) -> Nuclei:
    """Make nuclei of about the half axes `size` at the places given."""
    count = len(x)
    scale = np.exp(rng.normal(0, spread, count))
    long = size[0] * scale * rng.uniform(0.92, 1.12, count)
    short = np.minimum(size[1] * scale * rng.uniform(0.9, 1.05, count), long)
    if turn is None:
        turn = rng.uniform(0, np.pi, count)
    darkness = dark * rng.uniform(0.85, 1.15, count)
    return Nuclei(x, y, long, short, turn, darkness, np.full(count, kind, dtype="<U12"))


def _lattice(
    rng: np.random.Generator, size: int, spacing: float, jitter: float
) -> tuple[Numbers, Numbers]:
    """Return the points of a jittered hexagonal lattice over the tile and a little around."""
    line = np.arange(-spacing, size + spacing, spacing)
    rows = np.arange(-spacing, size + spacing, spacing * 0.87)
    x, y = np.meshgrid(line, rows)
    x = x + (np.arange(len(rows)) % 2)[:, None] * spacing / 2
    moved = rng.normal(0, jitter * spacing, (2, *x.shape))
    return (x + moved[0]).ravel(), (y + moved[1]).ravel()


def _at(values: Floats, x: Numbers, y: Numbers) -> NDArray[np.float32]:
    """Return the values of an image at points, those outside taken at its edge."""
    last = values.shape[0] - 1
    return values[np.clip(y, 0, last).astype(int), np.clip(x, 0, last).astype(int)]


def _stroma(
    rng: np.random.Generator, size: int, x: Floats, y: Floats, inflamed: float
) -> tuple[Floats, Nuclei]:
    """Return connective tissue: wavy fibres, fibroblasts along them, some lymphocytes."""
    turn = rng.uniform(0, np.pi)
    bend = 9 * field(rng, x, y, 0.012, 5)
    along = np.cos(turn) * x + np.sin(turn) * y
    across = -np.sin(turn) * x + np.cos(turn) * y + bend
    fibres = field(rng, along * 0.12, across, 0.10, 12)
    gaps = soft(fibres - 1.1, 0.8)
    eosin = (0.50 + 0.10 * fibres) * (1 - 0.75 * gaps)
    place = _lattice(rng, size, 15.0, 0.22)
    chosen = rng.random(len(place[0])) < 0.75
    px, py = place[0][chosen], place[1][chosen]
    # fibres run along the lines of equal `across`
    slope_y, slope_x = np.gradient(across)
    lean = np.arctan2(-_at(slope_x, px, py), _at(slope_y, px, py)).astype(np.float64)
    spindles = _nuclei(rng, px, py, (5.2, 1.5), 0.12, lean, 0.95, "stromal")
    lx, ly = _lattice(rng, size, 8.0, 0.25)
    crowd = _at(field(rng, x, y, 0.02, 5), lx, ly) + rng.normal(0, 0.5, len(lx))
    near = crowd > 2.6 - 1.5 * inflamed
    cells = _nuclei(rng, lx[near], ly[near], (2.5, 2.4), 0.06, None, 1.7, "lymphocyte")
    return eosin.astype(np.float32), _together([cells, spindles])


def _rows(
    rng: np.random.Generator, length: float, thickness: float, spacing: Callable[[float], float]
) -> tuple[Numbers, Numbers]:
    """Place cells row by row, from the basement membrane up: (along, depth from 0 to 1)."""
    alongs, depths, depth = [], [], 3.2
    while depth < thickness - 2:
        step = spacing(depth / thickness)
        along = np.arange(-length + rng.uniform(0, step), length, step)
        alongs.append(along + rng.normal(0, 0.14 * step, len(along)))
        depths.append((depth + rng.normal(0, 0.12 * step, len(along))) / thickness)
        depth += 0.92 * step
    return np.concatenate(alongs), np.concatenate(depths)


def _squamous_cells(
    rng: np.random.Generator, size: int, thickness: float, grade: int
) -> tuple[Numbers, Numbers, Nuclei, NDArray[np.bool_]]:
    """Return the cells of a squamous epithelium: along, depth, nuclei, which have a halo.

    The nuclei's `x` and `y` are still to be set.
    """
    mean, spread = ATYPICAL_HEIGHT[grade]
    height = float(np.clip(rng.normal(mean, spread), 0, 0.98)) if grade else 0.0

    def spacing(depth: float) -> float:
        ripe = 5.6 + 9.5 * min(1.0, max(0.0, depth - 0.06) / 0.6)
        return 7.2 if depth < height else max(ripe, 8.0) if height else ripe

    along, depth = _rows(rng, size, thickness, spacing)
    odd = depth < height
    flat = np.clip((depth - 0.55) / 0.4, 0, 1)
    haloed = (grade == 1) & ~odd & (depth > 0.45) & (rng.random(len(depth)) < HALOED)
    short = np.where(odd, 3.0, 2.5 - 0.8 * flat + 0.6 * haloed)
    scale = np.exp(rng.normal(0, np.where(odd | haloed, 0.17, 0.06)))
    long = short * np.where(odd, rng.uniform(1.1, 1.5, len(depth)), 1.12 + 0.8 * flat)
    turn = np.where(odd, np.pi / 2 + rng.normal(0, 0.5, len(depth)), rng.normal(0, 0.25))
    dark = np.where(odd, 1.45, np.where(depth < 0.12, 1.35, 1.05)) + 0.3 * haloed
    kind = np.where(odd | haloed, "atypical", "epithelial").astype("<U12")
    cells = Nuclei(along, depth, long * scale, short * scale, turn, dark, kind)
    return along, depth, cells, haloed


def _epithelium(rng: np.random.Generator, size: int, grade: int) -> TileFacts:
    """Return a tile across a squamous epithelium, its stroma below, the surface above."""
    x, y = _pixels(size)
    turn = rng.uniform(0, 2 * np.pi)
    out = np.array([np.cos(turn), np.sin(turn)])
    thickness, wave = 0.60 * size * rng.uniform(0.92, 1.08), 3.0 * field(rng, x, y, 0.015, 5)
    across = out[0] * (x - size / 2) + out[1] * (y - size / 2) + 0.30 * size + rng.uniform(-4, 4)
    depth = ((across + wave) / thickness).astype(np.float32)
    eosin, below = _stroma(rng, size, x, y, 0.3 + 0.25 * grade)
    along, level, cells, haloed = _squamous_cells(rng, size, thickness, grade)
    offset = level * thickness - across[size // 2, size // 2]
    cx = size / 2 + out[0] * offset - out[1] * along
    cy = size / 2 + out[1] * offset + out[0] * along
    shift = -_at(wave, cx, cy).astype(np.float64)
    cx, cy = cx + out[0] * shift, cy + out[1] * shift
    cells = Nuclei(
        *(cx, cy, cells.long, cells.short, cells.turn + turn + np.pi / 2, cells.dark, cells.kind)
    )
    borders = _cell_borders(x, y, cx, cy)
    body = 0.40 - 0.14 * np.clip(depth, 0, 1) + 0.16 * borders
    if haloed.any():
        body = body * (1 - 0.75 * soft(6.0 - _nearest(x, y, cx[haloed], cy[haloed]), 2.0))
    inside, above = soft(depth, 0.02), soft(depth - 1, 0.03)
    eosin = (eosin + inside * (body - eosin)) * (1 - above)
    # cytoplasm near the basement membrane takes a little haematoxylin
    blue = 0.16 * inside * (1 - above) * (1 - np.clip(depth, 0, 1))
    below = below.where(_at(depth, below.x, below.y) < -0.04)
    nuclei = _together([cells, below])
    haematoxylin = _with_nuclei(rng, blue.astype(np.float32), nuclei)
    return TileFacts(haematoxylin, eosin.astype(np.float32), nuclei)


def _nearest(x: Floats, y: Floats, px: Numbers, py: Numbers) -> Floats:
    """Return the distance from each pixel to the nearest of the points."""
    away = (x[..., None] - px.astype(np.float32)) ** 2 + (y[..., None] - py.astype(np.float32)) ** 2
    return np.sqrt(away.min(axis=-1))


def _cell_borders(x: Floats, y: Floats, px: Numbers, py: Numbers) -> Floats:
    """Return 1 along the lines that are as near to one nucleus as to another."""
    size, reach = x.shape[0], 13  # no two neighbours are further apart than twice this
    first, second = np.full_like(x, 4.0 * reach**2), np.full_like(x, 4.0 * reach**2)
    for cx, cy in zip(px, py, strict=True):
        part = _window(size, cx, cy, reach)
        away = (x[part] - np.float32(cx)) ** 2 + (y[part] - np.float32(cy)) ** 2
        second[part] = np.minimum(second[part], np.maximum(away, first[part]))
        first[part] = np.minimum(first[part], away)
    return soft(np.float32(1.2) - (np.sqrt(second) - np.sqrt(first)), 1.0)


def _window(size: int, x: float, y: float, reach: int) -> tuple[slice, slice]:
    """Return the pixels within `reach` of a point, as far as they lie in the tile."""
    rows, columns = (
        slice(max(0, int(p) - reach), max(0, min(size, int(p) + reach + 1))) for p in (y, x)
    )
    return rows, columns


def _pixels(size: int) -> tuple[Floats, Floats]:
    line = np.arange(size, dtype=np.float32) + np.float32(0.5)
    x, y = np.meshgrid(line, line)
    return x, y


def _with_nuclei(rng: np.random.Generator, haematoxylin: Floats, nuclei: Nuclei) -> Floats:
    """Lay the nuclei, with their grains of chromatin, over the haematoxylin of the tissue."""
    size = haematoxylin.shape[0]
    x, y = _pixels(size)
    grain = 1 + 0.16 * rng.standard_normal((size, size)).astype(np.float32)
    for px, py, long, short, turn, dark in zip(
        *(nuclei.x, nuclei.y, nuclei.long, nuclei.short, nuclei.turn, nuclei.dark), strict=True
    ):
        part = _window(size, px, py, int(long) + 3)
        dx, dy = x[part] - np.float32(px), y[part] - np.float32(py)
        along = np.float32(np.cos(turn)) * dx + np.float32(np.sin(turn)) * dy
        across = np.float32(np.cos(turn)) * dy - np.float32(np.sin(turn)) * dx
        ring = np.hypot(along / np.float32(long), across / np.float32(short))
        body = soft(1 - ring, 1.0 / short) * (0.86 + 0.14 * ring)
        amount = np.float32(dark) * body * grain[part]
        np.maximum(haematoxylin[part], amount, out=haematoxylin[part])
    return haematoxylin


def _stroma_tile(rng: np.random.Generator, size: int) -> TileFacts:
    x, y = _pixels(size)
    eosin, nuclei = _stroma(rng, size, x, y, rng.uniform(0.2, 1.0))
    return TileFacts(_with_nuclei(rng, np.zeros_like(eosin), nuclei), eosin, nuclei)


def _glands_tile(rng: np.random.Generator, size: int) -> TileFacts:
    """Return stroma with glands: a lumen, tall pale mucous cells, nuclei at their foot."""
    x, y = _pixels(size)
    eosin, ground = _stroma(rng, size, x, y, rng.uniform(0.2, 0.7))
    blue, groups = np.zeros_like(eosin), []
    for cx, cy in _gland_places(rng, size):
        radius, squeeze = rng.uniform(19, 25), rng.uniform(0.75, 1.0)
        turn = rng.uniform(0, np.pi)
        dx, dy = x - np.float32(cx), y - np.float32(cy)
        along = np.cos(turn) * dx + np.sin(turn) * dy
        across = (np.cos(turn) * dy - np.sin(turn) * dx) / squeeze
        away = (np.hypot(along, across) + 1.2 * field(rng, x, y, 0.03, 5)).astype(np.float32)
        angle = np.arctan2(across, along)
        cells = int(2 * np.pi * (radius - 3) * (1 + squeeze) / 2 / 5.6)
        walls = 0.10 * soft(np.cos(cells * angle) - np.float32(0.7), 0.3)
        wall, lumen = soft(radius - away, 1.5), soft(radius - 11.5 - away, 1.5)
        foot = soft(away - (radius - 6), 3.0)
        eosin += wall * (0.14 + walls + 0.18 * foot - eosin)
        eosin *= 1 - lumen
        blue += wall * (1 - lumen) * (0.10 + 0.05 * foot)
        step = 2 * np.pi * (np.arange(cells) + rng.uniform(-0.12, 0.12, cells)) / cells
        ring = radius - 3.6 + rng.normal(0, 0.5, cells)
        ex, ey = ring * np.cos(step), ring * np.sin(step) * squeeze
        px, py = cx + np.cos(turn) * ex - np.sin(turn) * ey, cy + np.sin(turn) * ex
        py = py + np.cos(turn) * ey
        lean = np.arctan2(py - cy, px - cx)
        groups.append(_nuclei(rng, px, py, (2.9, 2.1), 0.05, lean, 1.3, "glandular"))
        ground = ground.where(_at(away, ground.x, ground.y) > radius + 2)
    nuclei = _together([*groups, ground])
    return TileFacts(_with_nuclei(rng, blue, nuclei), eosin, nuclei)


def _gland_places(rng: np.random.Generator, size: int) -> list[tuple[float, float]]:
    """Return the centres of glands that do not touch: one in a small tile, more in a large one."""
    places: list[tuple[float, float]] = []
    for x, y in rng.uniform(0.2 * size, 0.8 * size, (3 + size // 32, 2)):
        if all(np.hypot(x - a, y - b) > 54 for a, b in places):
            places.append((float(x), float(y)))
    return places


def _carcinoma_tile(rng: np.random.Generator, size: int) -> TileFacts:
    """Return nests of large uneven cells in an inflamed stroma, sometimes with a keratin pearl."""
    x, y = _pixels(size)
    eosin, ground = _stroma(rng, size, x, y, 1.0)
    depth = (field(rng, x, y, 0.016, 6) + 0.25 * field(rng, x, y, 0.05, 6)).astype(np.float32)
    depth = depth - np.float32(np.quantile(depth, rng.uniform(0.32, 0.5)))
    nest = soft(depth, 0.12)
    px, py = _lattice(rng, size, 9.2, 0.15)
    inside = _at(depth, px, py) > 0.12
    blue = 0.18 * nest
    body = 0.46 + 0.06 * field(rng, x, y, 0.08, 6)
    eosin = eosin + nest * (body.astype(np.float32) - eosin)
    if rng.random() < 0.5:
        cy, cx = np.unravel_index(int(depth.argmax()), depth.shape)
        away = np.hypot(x - np.float32(cx), y - np.float32(cy)) + field(rng, x, y, 0.04, 5)
        pearl = soft(13 - away, 2.0)
        eosin = eosin + pearl * (0.95 + 0.22 * np.cos(away * np.float32(1.6)) - eosin)
        blue = blue * (1 - pearl)
        inside &= np.hypot(px - cx, py - cy) > 15
        ground = ground.where(np.hypot(ground.x - cx, ground.y - cy) > 15)
    tumour = _nuclei(rng, px[inside], py[inside], (4.1, 3.2), 0.22, None, 1.35, "tumour")
    ground = ground.where(_at(depth, ground.x, ground.y) < -0.05)
    nuclei = _together([tumour, ground])
    haematoxylin = _with_nuclei(rng, blue.astype(np.float32), nuclei)
    return TileFacts(haematoxylin, eosin.astype(np.float32), nuclei)


def _folded(rng: np.random.Generator, facts: TileFacts) -> TileFacts:
    """Lay the tissue double along a band."""
    size = facts.eosin.shape[0]
    x, y = _pixels(size)
    turn, middle = rng.uniform(0, np.pi), rng.uniform(0.3, 0.7) * size
    across = np.cos(turn) * (x - middle) + np.sin(turn) * (y - middle)
    across = across + 3 * field(rng, x, y, 0.015, 4)
    band = soft(np.float32(0.09 * size) - np.abs(across).astype(np.float32), 3.0)
    more = 1 + band * np.float32(1.1)
    under = band * np.float32(0.25) * np.clip(4 * facts.eosin, 0, 1)
    return TileFacts(facts.haematoxylin * more + under, facts.eosin * more + under, facts.nuclei)


def draw_tile(
    rng: np.random.Generator, size: int, content: str, grade: int, fold: bool
) -> TileFacts:
    """Draw the tissue of one tile of `size` pixels: see `health_datasets.tiles`."""
    if content == "epithelium":
        facts = _epithelium(rng, size, grade)
    elif content == "carcinoma":
        facts = _carcinoma_tile(rng, size)
    else:
        facts = _glands_tile(rng, size) if content == "glands" else _stroma_tile(rng, size)
    return _folded(rng, facts) if fold else facts
