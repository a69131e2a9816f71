"""Dermoscopic images drawn from what `dermoscopy_lesions` says of each lesion.

Coordinates: a lesion's own frame has its centre at 0, its mean radius at 1, and its axes of
symmetry along +x and +y; the picture rotates, shifts and scales it.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from health_datasets.images.abcd import COLOURS, dermoscopy_lesions
from health_datasets.images.painting import (
    LARGEST_SIZE,
    SMALLEST_SIZE,
    Floats,
    as_bytes,
    check_volume,
    field,
    grid,
    lab_to_rgb,
    soft,
)
from health_datasets.seeding import stream, whole_number

# sRGB; our eye's choice beside the six colours of the rule
PALETTE: Final = {
    **{"white": (228, 214, 210), "red": (178, 94, 88), "light_brown": (176, 120, 80)},
    **{"dark_brown": (106, 66, 44), "blue_grey": (92, 99, 112), "black": (36, 28, 28)},
}
# the browns and black stay darker than the skin around, whatever its tone
DARKER_THAN_SKIN: Final = {"light_brown": 0.74, "dark_brown": 0.44, "black": 0.17}
# what pigment lets through of red, green and blue: its lines are brown, not grey
PIGMENT: Final = np.array([0.82, 0.95, 1.0], np.float32)
# where the colours beyond the ground lie (x, y, radius), in the part of the lesion that its
# symmetry repeats: a quarter, a half, the whole
SPOTS: Final = {
    0: ((0.0, 0.0, 0.34), (0.62, 0.0, 0.25), (0.0, 0.6, 0.25), (0.46, 0.44, 0.2)),
    1: (
        *((0.6, 0.0, 0.32), (-0.06, 0.5, 0.24), (-0.62, 0.0, 0.3), (0.42, 0.52, 0.22)),
        (-0.5, 0.48, 0.22),
    ),
    2: tuple(
        (0.54 * np.cos(0.4 + 2 * np.pi * k / 5), 0.54 * np.sin(0.4 + 2 * np.pi * k / 5), 0.31)
        for k in range(5)
    ),
}
SHORTCUTS: Final = ("ruler",)
RULER_SHARE: Final = 0.25
# with the shortcut, at site A alone
RULER_SHORTCUT: Final = {"melanoma": 0.9, "naevus": 0.1}
# gains of red, green, blue; how much darker the corners are
CAMERAS: Final = {
    "contact": ((1.0, 1.0, 1.0), 0.10),
    "polarised": ((1.02, 0.96, 0.98), 0.05),
    "phone": ((1.05, 0.99, 0.88), 0.28),
}
CAMERA_SHARES: Final = {"A": (0.75, 0.20, 0.05), "B": (0.10, 0.65, 0.25)}


@dataclass(frozen=True)
class Dermoscopy:
    """Synthetic dermoscopic images and the truth about them.

    Attributes:
        images: (images, size, size, 3), uint8, sRGB.
        masks: (images, size, size), bool: where the lesion is.
        table: a row for each image, in their order: `image_id` (key), every column of
            `dermoscopy_lesions`, then `view` (0 for the first image of a lesion), `camera`,
            `hairs` (how many were drawn), `ruler` (bool), `rotation` (degrees, anticlockwise
            as one looks at the image), `zoom` and `light` (1 is ordinary).
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    table: pd.DataFrame


@dataclass(frozen=True)
class _Contour:
    """r(θ) = 1 + Σ cosine_k cos kθ + sine_k sin kθ, k from 2."""

    cosine: Floats
    sine: Floats

    def radius(self, angle: Floats) -> Floats:
        total = np.ones_like(angle)
        for k, (c, s) in enumerate(zip(self.cosine, self.sine, strict=True), start=2):
            if c or s:
                total += c * np.cos(k * angle) + s * np.sin(k * angle)
        return total


def _contour(rng: np.random.Generator, axes: int) -> _Contour:
    """Draw a contour that `axes` of the two axes do not mirror."""
    signs = rng.choice([-1.0, 1.0], 6)
    small, large = rng.uniform(0.0, 0.03, 6), rng.uniform(0.09, 0.14, 6)
    cosine, sine = np.zeros(4), np.zeros(4)
    cosine[0] = rng.uniform(0.05, 0.13)
    cosine[2] = signs[0] * small[0]
    if axes >= 1:  # odd cosines: the left is not the right
        cosine[1], cosine[3] = signs[1] * large[1], signs[2] * small[2]
    if axes == 2:  # sines: the top is not the bottom
        sine[1], sine[2] = signs[3] * large[3], signs[4] * (0.02 + small[4])
        sine[3] = signs[5] * small[5]
    return _Contour(cosine.astype(np.float32), sine.astype(np.float32))


@dataclass(frozen=True)
class _Frame:
    """The pixels in the lesion's own frame.

    `u`, `v` are the point's place in the part that symmetry repeats, `edge` the distance
    from the centre as a share of the contour's in that direction.
    """

    x: Floats
    y: Floats
    u: Floats
    v: Floats
    angle: Floats
    edge: Floats
    pixel: float


def _frame(size: int, row: dict[str, Any], contour: _Contour, shift: Floats) -> _Frame:
    px, py = grid(size)
    scale = np.float32(0.56 * row["zoom"])
    turn = np.float32(np.deg2rad(row["rotation"]))
    dx, dy = (px - shift[0]) / scale, (shift[1] - py) / scale
    x, y = np.cos(turn) * dx + np.sin(turn) * dy, -np.sin(turn) * dx + np.cos(turn) * dy
    angle = np.arctan2(y, x)
    edge = np.hypot(x, y) / contour.radius(angle)
    u = np.abs(x) if row["A"] == 0 else x
    v = np.abs(y) if row["A"] <= 1 else y
    return _Frame(x, y, u, v, angle, edge, float(2 / size / scale))


def _pigment(frame: _Frame, segments: str) -> Floats:
    """Return how opaque the lesion is: abrupt in the segments marked 1, fading in the others."""
    marks = np.array([float(mark) for mark in segments], np.float32)
    place = np.mod(frame.angle, 2 * np.pi) / (np.pi / 4)
    index = np.floor(place).astype(np.int64) % 8
    into = place - np.floor(place)
    # from one segment to the next within 7 degrees, so that the edge has no notch
    ahead, behind = np.clip((into - 0.85) / 0.3, 0, 0.5), np.clip((0.15 - into) / 0.3, 0, 0.5)
    here, after, before = marks[index], marks[(index + 1) % 8], marks[index - 1]
    sharp = here + ahead * (after - here) + behind * (before - here)
    width = 0.6 + sharp * (max(0.06, 1.2 * frame.pixel) - 0.6)
    ramp = np.clip((1 - frame.edge) / width + 0.5, 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def _lesion_palette(skin: Floats) -> dict[str, Floats]:
    """Return the colours as they look in a skin of the colour given."""
    found = {}
    for name, levels in PALETTE.items():
        colour = np.array(levels, np.float32) / 255
        if name in DARKER_THAN_SKIN:
            limit = float(skin.mean()) * DARKER_THAN_SKIN[name]
            colour = colour * np.float32(min(1.0, limit / float(colour.mean())))
        else:
            colour = colour * np.float32(0.5 + 0.5 * min(1.0, float(skin.mean()) / 0.75))
        found[name] = colour.astype(np.float32)
    return found


def _paint_colours(
    rng: np.random.Generator, frame: _Frame, row: dict[str, Any], palette: dict[str, Floats]
) -> Floats:
    """Return the lesion's colours everywhere: the ground, and a spot for each other colour."""
    image = np.broadcast_to(palette[row["ground"]], (*frame.u.shape, 3)).copy()
    others = [k for k in COLOURS if row[f"colour_{k}"] and k != row["ground"]]
    warped_u = frame.u + 0.09 * field(rng, frame.u, frame.v, 1.3, 6)
    warped_v = frame.v + 0.09 * field(rng, frame.u, frame.v, 1.3, 6)
    spots = SPOTS[row["A"]]
    order, names = rng.permutation(len(spots)), rng.permutation(len(others))
    for place, name in zip(order, names, strict=False):
        x, y, radius = spots[place]
        x, y = x + rng.uniform(-0.04, 0.04) * (x != 0), y + rng.uniform(-0.04, 0.04) * (y != 0)
        inside = soft(radius - np.hypot(warped_u - x, warped_v - y), 0.16)[..., None]
        image += inside * (palette[others[name]] - image)
    if len(others) > len(spots):  # a symmetric lesion of six colours: the last one is its rim
        rim = soft(frame.edge - 0.80, 0.06)[..., None]
        image += rim * (palette[others[names[-1]]] - image)
    return image


def _paint_structures(
    rng: np.random.Generator, frame: _Frame, row: dict[str, Any], image: Floats
) -> Floats:
    """Darken `image` where the lesion's structures are; leave the structureless area smooth."""
    inside = soft(1.0 - frame.edge, 0.1)
    smooth = np.zeros_like(inside)
    if row["structure_structureless"]:
        x, y, _ = SPOTS[row["A"]][int(rng.integers(1, 4))]
        smooth = soft(0.42 - np.hypot(frame.u - 0.8 * x, frame.v - 0.8 * y), 0.12)
    textured = inside * (1 - smooth)
    others = [k for k in ("network", "streaks", "dots", "globules") if row[f"structure_{k}"]]
    dark = np.zeros_like(inside)
    if "network" in others:
        dark = 0.42 * textured * _network(rng, frame) * soft(0.95 - frame.edge, 0.3)
    if others or not row["structure_structureless"]:
        dark = dark + 0.05 * textured * field(rng, frame.x, frame.y, 2.0, 8)
    if "globules" in others:
        dark = np.maximum(dark, 0.55 * textured * _discs(rng, frame, 14, 0.075, 0.75))
    if "dots" in others:
        dark = np.maximum(dark, 0.85 * textured * _discs(rng, frame, 30, 0.034, 0.85))
    if "streaks" in others:
        dark = np.maximum(dark, 0.5 * _streaks(rng, frame, row["A"]) * (1 - smooth))
    return image * (1 - dark[..., None] * PIGMENT)


def _network(rng: np.random.Generator, frame: _Frame) -> Floats:
    """Return the lines of a honeycomb, 1 on a line."""
    period = max(0.17, 5 * frame.pixel)
    turn = rng.uniform(0, np.pi)
    warp = 0.05 * field(rng, frame.x, frame.y, 1.0, 5)
    waves = np.zeros_like(frame.x)
    for third in range(3):
        angle = turn + third * np.pi / 3
        along = np.cos(angle) * frame.x + np.sin(angle) * frame.y + warp
        waves += np.cos(np.float32(2 * np.pi / period / np.cos(np.pi / 6)) * along)
    return soft(-0.6 - waves, 0.7)


def _discs(
    rng: np.random.Generator, frame: _Frame, count: int, radius: float, reach: float
) -> Floats:
    """Return small discs strewn in the part that symmetry repeats, 1 inside one."""
    angle = rng.uniform(0, 2 * np.pi, count)
    distance = reach * np.sqrt(rng.uniform(0.02, 1, count))
    x, y = distance * np.cos(angle), distance * np.sin(angle)
    size = np.maximum(radius * rng.uniform(0.8, 1.25, count), 0.7 * frame.pixel)
    found = np.zeros_like(frame.u)
    for cx, cy, r in zip(x, y, size, strict=True):
        away = np.hypot(frame.u - np.float32(cx), frame.v - np.float32(cy))
        np.maximum(found, soft(np.float32(r) - away, frame.pixel), out=found)
    return found


def _streaks(rng: np.random.Generator, frame: _Frame, axes: int) -> Floats:
    """Return radial lines across the edge: all around, or on one side."""
    turns = int(rng.integers(18, 26))
    angle = np.arctan2(frame.v, frame.u)
    phase = turns * angle + 0.9 * field(rng, frame.u, frame.v, 1.2, 5)
    # each line narrows towards its tip
    lines = soft(np.cos(phase) + 0.25 - 1.1 * (frame.edge - 0.55), 0.8)
    length = 0.05 * field(rng, frame.u, frame.v, 1.8, 5)
    ring = soft(frame.edge - 0.74, 0.2) * soft(1.03 + length - frame.edge, 0.16)
    if axes == 0:
        return lines * ring
    centre = 0.0 if axes == 1 else rng.uniform(-np.pi, np.pi)
    side = soft(np.cos(frame.angle - np.float32(centre)) - np.float32(0.1), 0.4)
    return lines * ring * side


def _skin(rng: np.random.Generator, size: int, colour: Floats) -> Floats:
    """Return bare skin: its colour, faint blotches and the net of skin lines."""
    x, y = grid(size)
    blotches = 0.022 * field(rng, x, y, 1.0, 6)
    lines = 0.014 * field(rng, x, y, 7.0, 10)
    image = np.broadcast_to(colour, (size, size, 3)) * (1 + blotches + lines)[..., None]
    flush = 0.012 * field(rng, x, y, 0.8, 5)
    image[..., 0] += flush
    return image.astype(np.float32)


def _paint_hairs(rng: np.random.Generator, image: Floats, count: int) -> Floats:
    """Draw `count` dark hairs, a little curved, over the image."""
    size = image.shape[0]
    x, y = grid(size)
    lean = rng.uniform(0, np.pi)
    for _ in range(count):
        turn = lean + rng.normal(0, 0.45)
        offset, bend = rng.uniform(-1.1, 1.1), rng.uniform(-0.35, 0.35)
        start, end = np.sort(rng.uniform(-1.6, 1.6, 2)) + np.array([-0.25, 0.25])
        along, across = np.cos(turn) * x + np.sin(turn) * y, -np.sin(turn) * x + np.cos(turn) * y
        away = np.abs(across - offset - bend * along**2).astype(np.float32)
        width = max(0.008, 0.9 / size)
        drawn = soft(np.float32(width) - away, 2.0 / size)
        drawn = drawn * ((along > start) & (along < end))
        shade = np.array([0.13, 0.09, 0.07], np.float32)
        image = image + (0.75 * drawn)[..., None] * (shade - image)
    return image


def _paint_ruler(rng: np.random.Generator, image: Floats) -> Floats:
    """Draw a graduated scale along one edge: a pale strip, a tick each millimetre."""
    turns = int(rng.integers(4))
    turned = np.rot90(image, turns).copy()
    size = turned.shape[0]
    x, y = grid(size)
    depth = 1 - y  # from the lower edge
    turned += 0.75 * soft(0.17 - depth, 2 / size)[..., None] * (0.93 - turned)
    step = 0.11
    along = x - rng.uniform(-step, step)
    number = np.round(along / step)
    away = np.abs(along - number * step)
    length = np.where(np.mod(number, 5) == 0, 0.14, 0.08)
    tick = soft(np.float32(0.016) - away.astype(np.float32), 2 / size) * (depth < length)
    turned += 0.9 * tick[..., None].astype(np.float32) * (0.06 - turned)
    return np.rot90(turned, -turns)


def _paint_camera(rng: np.random.Generator, image: Floats, row: dict[str, Any]) -> Floats:
    """Apply the light, the camera's colours, its dark corners and its noise."""
    size = image.shape[0]
    x, y = grid(size)
    gains, corner = CAMERAS[row["camera"]]
    turn = rng.uniform(0, 2 * np.pi)
    slope = 1 + 0.05 * (np.cos(turn) * x + np.sin(turn) * y)
    light = row["light"] * slope * (1 - corner * np.clip(np.hypot(x, y) - 0.55, 0, None) ** 1.5)
    image = image * light[..., None].astype(np.float32) * np.array(gains, np.float32)
    return image + rng.standard_normal(image.shape, np.float32) * np.float32(0.012)


def _skin_colour(ita: float) -> Floats:
    """Return the sRGB colour of a skin of the individual typology angle given (degrees)."""
    b = 18 - 4 * abs(ita - 25) / 45
    return lab_to_rgb(50 + b * float(np.tan(np.deg2rad(ita))), 10.0, b)


def _picture(
    row: dict[str, Any], seed: int, lesion: int, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Draw one image of one lesion and its mask."""
    # what belongs to the lesion is drawn again, the same, for each of its images
    own = stream(seed, "dermoscopy/lesion", lesion)
    view = stream(seed, "dermoscopy/view", lesion, row["view"])
    contour = _contour(own, row["A"])
    frame = _frame(size, row, contour, view.uniform(-0.1, 0.1, 2).astype(np.float32))
    skin = _skin_colour(row["skin_ita"])
    image = _skin(view, size, skin)
    painted = _paint_colours(own, frame, row, _lesion_palette(skin))
    opaque = _pigment(frame, row["border_segments"])[..., None]
    image = image + opaque * (painted * np.sqrt(image / skin) - image)
    image = _paint_structures(own, frame, row, image)
    image = _paint_hairs(view, image, row["hairs"])
    image = _paint_camera(view, image, row)
    if row["ruler"]:
        ruler = stream(seed, "dermoscopy/ruler/drawn", lesion, row["view"])
        image = _paint_ruler(ruler, image)
    return as_bytes(image), frame.edge < 1


def _views(lesions: pd.DataFrame, seed: int, per_lesion: int, shortcut: str | None) -> pd.DataFrame:
    """Return a row for each image: the lesion's facts and how the image was taken."""
    count, parts = len(lesions), []
    site_a = lesions["site"].to_numpy() == "A"
    share = np.full(count, RULER_SHARE)
    if shortcut == "ruler":
        by_diagnosis = lesions["diagnosis"].map(RULER_SHORTCUT).to_numpy(np.float64)
        share = np.where(site_a, by_diagnosis, share)
    limits = np.cumsum([CAMERA_SHARES[site] for site in lesions["site"]], axis=1)
    for view in range(per_lesion):

        def draw(name: str, view: int = view) -> NDArray[np.float64]:
            return stream(seed, f"dermoscopy/{name}", view).random(count)

        hairs = np.floor(lesions["hairiness"].to_numpy() * (0.6 + 0.8 * draw("hairs")) * 6)
        which = np.minimum((draw("camera")[:, None] > limits).sum(axis=1), 2)
        part = lesions.drop(columns="hairiness").assign(
            view=view,
            camera=np.array(list(CAMERAS))[which],
            hairs=hairs.astype(np.int64),
            ruler=draw("ruler") < share,
            rotation=(360 * draw("rotation")).round(1),
            zoom=(0.88 + 0.24 * draw("zoom")).round(3),
            light=(0.86 + 0.24 * draw("light")).round(3),
        )
        parts.append(part.assign(lesion_number=np.arange(count)))
    table = pd.concat(parts).sort_values(["lesion_number", "view"], kind="stable")
    table = table.drop(columns="lesion_number").reset_index(drop=True)
    names = table["lesion_id"] + "-" + table["view"].astype("str")
    table.insert(0, "image_id", names)
    return table


def dermoscopy(
    lesions: int,
    seed: int,
    images_per_lesion: int = 2,
    size: int = 96,
    shortcut: str | None = None,
) -> Dermoscopy:
    """Draw dermoscopic images of lesions scored by the ABCD rule: synthetic, of no patient.

    The images show what the table says: contour and colours that mirror or not about the
    lesion's axes, an edge abrupt or fading in each of eight segments, the colours and the
    structures of the rule, hair, a ruler, the skin's tone, the camera. The diagnosis is drawn
    from `melanoma_probability`, which depends on the score alone: no reader of the images does
    better, on average, than `abcd_performance().best_auc`, unless a shortcut is asked for.

    Args:
        lesions: how many, 1 to 1,000,000; the first ones do not change when more are asked.
        seed: the same seed gives the same table everywhere and the same images on one machine
            (on another, a level may differ by one).
        images_per_lesion: 1 to 8; other rotation, light, camera and hair each time.
        size: pixels a side, 48 to 512.
        shortcut: None, or `"ruler"`: at site `A` a ruler lies beside 90 % of the melanomas and
            10 % of the naevi; at site `B` beside a quarter of both, as everywhere without it.

    Raises:
        ValueError: an argument is impossible, or the images would take more than 2 GiB.
    """
    whole_number("images_per_lesion", images_per_lesion, 1, 8)
    whole_number("size", size, SMALLEST_SIZE, LARGEST_SIZE)
    if shortcut is not None and shortcut not in SHORTCUTS:
        raise ValueError(f"shortcut must be None or one of {SHORTCUTS}, not {shortcut!r}")
    whole_number("lesions", lesions, 1, 1_000_000)
    check_volume(lesions * images_per_lesion, size)
    facts = dermoscopy_lesions(lesions, seed)
    table = _views(facts, seed, images_per_lesion, shortcut)
    images = np.empty((len(table), size, size, 3), np.uint8)
    masks = np.empty((len(table), size, size), np.bool_)
    for number, row in enumerate(table.to_dict("records")):
        known = {str(name): value for name, value in row.items()}
        images[number], masks[number] = _picture(known, seed, number // images_per_lesion, size)
    return Dermoscopy(images, masks, table)
