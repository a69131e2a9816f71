"""From amounts of haematoxylin and eosin to the colours of a laboratory's slide.

Light goes through a stain as through a filter: A. C. Ruifrok and D. A. Johnston, Analytical
and Quantitative Cytology and Histology 23:291–299 (2001), whose vectors laboratory A has; the
two others are assumptions.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from health_datasets.images.painting import Floats, as_bytes, blurred


@dataclass(frozen=True)
class Laboratory:
    """Optical densities of the two stains in red, green and blue, and the glass's colour."""

    haematoxylin: tuple[float, float, float]
    eosin: tuple[float, float, float]
    glass: tuple[float, float, float]


LABORATORIES: Final = {
    "A": Laboratory((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.96, 0.955, 0.96)),
    "B": Laboratory((0.88, 0.86, 0.26), (0.13, 0.86, 0.28), (0.95, 0.94, 0.965)),
    "C": Laboratory((0.50, 0.62, 0.34), (0.05, 0.80, 0.36), (0.97, 0.965, 0.93)),
}


def stained(
    rng: np.random.Generator,
    haematoxylin: Floats,
    eosin: Floats,
    laboratory: str,
    gains: NDArray[np.float64],
    blur: float,
) -> NDArray[np.uint8]:
    """Return the tile as its laboratory's scanner gives it, (size, size, 3).

    `gains` are the strengths of the two stains on this slide, `blur` a standard deviation in
    pixels.
    """
    colours = LABORATORIES[laboratory]
    density = (gains[0] * haematoxylin)[..., None] * np.array(colours.haematoxylin)
    density += (gains[1] * eosin)[..., None] * np.array(colours.eosin)
    image = (np.array(colours.glass) * np.exp(-density)).astype(np.float32)
    if blur:
        image = blurred(image, blur)
    return as_bytes(image + rng.standard_normal(image.shape, np.float32) * np.float32(0.008))
