"""Independent random streams for the generated images and signals.

A stream is named by a seed, a word and numbers: what one of them draws changes no other. A
column drawn whole from its own stream keeps its first values when more rows are asked for.
"""

import zlib

import numpy as np


def stream(seed: int, name: str, *numbers: int) -> np.random.Generator:
    """Return the stream of `name` and `numbers` (each ≥ 0) under `seed`.

    Raises:
        ValueError: `seed` is no integer ≥ 0.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be an integer of 0 or more, not {seed!r}")
    key = (zlib.crc32(name.encode("utf-8")), *numbers)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed), spawn_key=key)))


def whole_number(name: str, value: int, low: int, high: int) -> int:
    """Return `value`, an argument called `name`, as an int within [low, high].

    Raises:
        ValueError: it is no integer or lies outside.
    """
    known = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not known or not low <= value <= high:
        raise ValueError(f"{name} must be an integer between {low:,} and {high:,}, not {value!r}")
    return int(value)
