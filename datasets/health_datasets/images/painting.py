"""What the image generators share: smooth fields, blur, colour spaces, limits on size."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SMALLEST_SIZE: Final = 48
LARGEST_SIZE: Final = 512
LARGEST_BYTES: Final = 2 * 1024**3
# D65 white and the matrix from XYZ to linear sRGB, IEC 61966-2-1:1999
WHITE_XYZ: Final = (0.95047, 1.0, 1.08883)
XYZ_TO_RGB: Final = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


def check_volume(images: int, size: int) -> None:
    """Refuse more pixels than a laptop holds.

    Raises:
        ValueError: the images would take more than 2 GiB.
    """
    if images * size * size * 3 > LARGEST_BYTES:
        raise ValueError(
            f"{images:,} images of {size} × {size} pixels need more than 2 GiB: "
            "ask for fewer or smaller ones, several times with several seeds"
        )


def grid(size: int) -> tuple[Floats, Floats]:
    """Return the x and y of each pixel's centre, both (size, size), from -1 to 1, y downwards."""
    line = ((np.arange(size, dtype=np.float32) + 0.5) * 2 / size - 1).astype(np.float32)
    x, y = np.meshgrid(line, line)
    return x, y


def field(rng: np.random.Generator, x: Floats, y: Floats, frequency: float, waves: int) -> Floats:
    """Return a smooth random field at the points given: mean 0, variance about 1.

    `frequency` is in cycles a unit of `x`; the field is a sum of `waves` plane waves.
    """
    angle = rng.uniform(0, 2 * np.pi, waves)
    speed = 2 * np.pi * frequency * rng.uniform(0.5, 1.3, waves)
    phase = rng.uniform(0, 2 * np.pi, waves)
    total = np.zeros_like(x)
    for a, s, p in zip(angle, speed, phase, strict=True):
        wave = np.float32(s * np.cos(a)) * x + np.float32(s * np.sin(a)) * y + np.float32(p)
        total += np.cos(wave)
    return total * np.float32(np.sqrt(2 / waves))


def soft(value: Floats, width: float | Floats) -> Floats:
    """Return 1 where `value` is well above 0, 0 well below, a ramp `width` wide between."""
    return np.clip(value / width + np.float32(0.5), 0, 1)


def blurred(image: Floats, sigma: float) -> Floats:
    """Return `image` (rows, columns, channels) under a Gaussian blur of `sigma` pixels."""
    reach = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    for axis in (0, 1):
        edges = [(reach, reach) if side == axis else (0, 0) for side in range(3)]
        padded, length = np.pad(image, edges, mode="reflect"), image.shape[axis]
        pieces = [np.take(padded, range(k, k + length), axis) for k in range(2 * reach + 1)]
        image = sum(
            (weight * piece for weight, piece in zip(kernel, pieces, strict=True)),
            np.zeros_like(image),
        )
    return image


def lab_to_rgb(lightness: float, a: float, b: float) -> Floats:
    """Return the sRGB colour, three values from 0 to 1, of one CIELAB colour (D65)."""
    fy = (lightness + 16) / 116
    steps = np.array([fy + a / 500, fy, fy - b / 200])
    xyz = np.where(steps > 6 / 29, steps**3, 3 * (6 / 29) ** 2 * (steps - 4 / 29))
    linear = np.clip(XYZ_TO_RGB @ (xyz * np.array(WHITE_XYZ)), 0, 1)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb.astype(np.float32)


def as_bytes(image: Floats) -> NDArray[np.uint8]:
    """Return an image of values from 0 to 1 as 8-bit levels."""
    return np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)
