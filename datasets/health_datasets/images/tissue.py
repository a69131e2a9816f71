"""Tiles of cervical biopsies in haematoxylin and eosin, synthetic, with the truth of each nucleus.

The four grades are those of the TissueNet challenge of the Société française de pathologie
(2020): benign, low-grade and high-grade squamous intraepithelial lesion, invasive squamous
carcinoma. Their shares are assumptions. The proportions of the drawing are schematic: the
epithelium is thinner than a real one, so that its whole height fits in a tile.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from health_datasets.images.painting import LARGEST_SIZE, SMALLEST_SIZE, check_volume
from health_datasets.images.slide import TileFacts, draw_tile
from health_datasets.images.staining import LABORATORIES, stained
from health_datasets.seeding import stream, whole_number

GRADES: Final = ("benign", "low_grade", "high_grade", "invasive")
GRADE_SHARES: Final = (0.48, 0.26, 0.20, 0.06)
# a patient's slides mostly bear the same grade; each slide opens a new patient or not
SAME_GRADE: Final = 0.7
NEW_PATIENT: Final = 0.55
LABORATORY_SHARES: Final = (0.5, 0.3, 0.2)
# tiles of a slide: what they show, and how many of those with epithelium bear the lesion
CONTENT_SHARES: Final = {"epithelium": 0.60, "stroma": 0.25, "glands": 0.15}
LESION_SHARE: Final = 0.45
BLUR_SHARE, FOLD_SHARE = 0.12, 0.06
SLIDE_SIDE: Final = 40  # a slide is a square of 40 × 40 places for tiles


@dataclass(frozen=True)
class TissueTiles:
    """Synthetic tiles of stained tissue and the truth about them.

    Attributes:
        images: (tiles, size, size, 3), uint8, sRGB; one pixel is one micrometre.
        slides: a row for each slide: `slide_id` (key), `patient_id`, `laboratory` (`A`, `B`,
            `C`), `grade` (0–3, the worst of its tiles), `label` (its name in `GRADES`).
        tiles: a row for each image, in their order: `tile_id` (key), `slide_id`, `x_um` and
            `y_um` (upper left corner on the slide, micrometres), `content` (`epithelium`,
            `stroma`, `glands`, `carcinoma`), `grade` (0–3, of this tile), `nuclei` (count),
            `blur_px` (standard deviation, 0 when sharp), `fold` (bool).
        nuclei: a row for each nucleus whose centre lies in its tile: `tile_id`, `x0`, `y0`,
            `x1`, `y1` (box in pixels from the upper left corner, cut at the tile's edges),
            `kind` (`epithelial`, `atypical`, `glandular`, `stromal`, `lymphocyte`, `tumour`).
    """

    images: NDArray[np.uint8]
    slides: pd.DataFrame
    tiles: pd.DataFrame
    nuclei: pd.DataFrame


def _slides(slides: int, seed: int) -> pd.DataFrame:
    """Draw the slides and their patients."""
    opens = stream(seed, "tissue/patient").random(slides) < NEW_PATIENT
    opens[0] = True
    number = np.cumsum(opens) - 1

    def draw(name: str) -> NDArray[np.float64]:
        return stream(seed, f"tissue/{name}").random(slides)

    limits = np.cumsum(GRADE_SHARES)[:-1]
    usual = np.searchsorted(limits, draw("patient/grade"))[number]
    grade = np.where(draw("same") < SAME_GRADE, usual, np.searchsorted(limits, draw("grade")))
    laboratory = np.searchsorted(np.cumsum(LABORATORY_SHARES)[:-1], draw("laboratory"))[number]
    return pd.DataFrame(
        {
            "slide_id": [f"TS{k + 1:06d}" for k in range(slides)],
            "patient_id": [f"TP{k + 1:06d}" for k in number],
            "laboratory": np.array(list(LABORATORIES))[laboratory],
            "grade": grade,
            "label": np.array(GRADES)[grade],
        }
    )


def _slide_tiles(
    rng: np.random.Generator, slide_id: str, grade: int, count: int, size: int
) -> pd.DataFrame:
    """Draw what the tiles of one slide show; one at least bears the slide's grade."""
    place = rng.choice(SLIDE_SIDE**2, count, replace=False)
    content = rng.choice(list(CONTENT_SHARES), count, p=list(CONTENT_SHARES.values()))
    bears = (content == "epithelium") & (rng.random(count) < LESION_SHARE)
    bears[rng.integers(count)] = True
    grades = np.where(bears, grade, 0)
    lesion = "carcinoma" if grade == 3 else "epithelium"
    return pd.DataFrame(
        {
            "tile_id": [f"{slide_id}-{k:03d}" for k in range(count)],
            "slide_id": slide_id,
            "x_um": place % SLIDE_SIDE * size,
            "y_um": place // SLIDE_SIDE * size,
            "content": np.where(bears, lesion, content),
            "grade": grades,
            "blur_px": np.where(
                rng.random(count) < BLUR_SHARE, rng.uniform(0.8, 2.0, count).round(2), 0.0
            ),
            "fold": rng.random(count) < FOLD_SHARE,
        }
    )


def _boxes(tile_id: str, facts: TileFacts, size: int) -> pd.DataFrame:
    """Return the boxes of the nuclei whose centre lies in the tile."""
    cells = facts.nuclei
    cos, sin = np.cos(cells.turn), np.sin(cells.turn)
    half_x = np.hypot(cells.long * cos, cells.short * sin)
    half_y = np.hypot(cells.long * sin, cells.short * cos)
    table = pd.DataFrame(
        {
            "tile_id": tile_id,
            "x0": np.clip(cells.x - half_x, 0, size).round(1),
            "y0": np.clip(cells.y - half_y, 0, size).round(1),
            "x1": np.clip(cells.x + half_x, 0, size).round(1),
            "y1": np.clip(cells.y + half_y, 0, size).round(1),
            "kind": cells.kind,
        }
    )
    inside = (cells.x >= 0) & (cells.x < size) & (cells.y >= 0) & (cells.y < size)
    return table[inside]


def tiles(slides: int, seed: int, tiles_per_slide: int = 6, size: int = 96) -> TissueTiles:
    """Draw tiles of cervical biopsies, stained in three laboratories: synthetic, of no patient.

    A slide's grade is that of its worst tile; most of its tiles are ordinary. Invasive
    carcinoma is rare (6 %). Slides of one patient come from one laboratory and mostly bear one
    grade.

    Args:
        slides: how many, 1 to 20,000; the first ones do not change when more are asked for.
        seed: the same seed gives the same tables of slides and tiles everywhere, the same
            images and boxes on one machine (on another, a level or a tenth of a pixel may
            differ).
        tiles_per_slide: 1 to 64.
        size: pixels a side, 48 to 512: a larger tile shows more tissue.

    Raises:
        ValueError: an argument is impossible, or the images would take more than 2 GiB.
    """
    whole_number("slides", slides, 1, 20_000)
    whole_number("tiles_per_slide", tiles_per_slide, 1, 64)
    whole_number("size", size, SMALLEST_SIZE, LARGEST_SIZE)
    check_volume(slides * tiles_per_slide, size)
    table = _slides(slides, seed)
    images = np.empty((slides * tiles_per_slide, size, size, 3), np.uint8)
    parts, boxes = [], []
    for slide, (slide_id, laboratory, grade) in enumerate(
        zip(table["slide_id"], table["laboratory"], table["grade"], strict=True)
    ):
        rng = stream(seed, "tissue/slide", slide)
        gains = np.exp(rng.normal(0, 0.09, 2))
        part = _slide_tiles(rng, slide_id, grade, tiles_per_slide, size)
        nuclei = []
        for number, row in enumerate(part.to_dict("records")):
            own = stream(seed, "tissue/tile", slide, number)
            facts = draw_tile(own, size, row["content"], row["grade"], row["fold"])
            image = stained(own, facts.haematoxylin, facts.eosin, laboratory, gains, row["blur_px"])
            images[slide * tiles_per_slide + number] = image
            nuclei.append(_boxes(row["tile_id"], facts, size))
        part.insert(6, "nuclei", [len(found) for found in nuclei])
        parts.append(part)
        boxes.extend(nuclei)
    return TissueTiles(
        images, table, pd.concat(parts, ignore_index=True), pd.concat(boxes, ignore_index=True)
    )
