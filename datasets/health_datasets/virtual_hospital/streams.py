"""Random streams that are independent by name.

A table draws from the stream that bears its name: adding a table, leaving one out or reading
them in another order changes nothing in the others.
"""

import hashlib

import numpy as np

LARGEST_SEED = 2**63 - 1


def stream(seed: int, name: str, *, site: int | None = None) -> np.random.Generator:
    """Return the generator of the stream called `name`, the same on every machine.

    Args:
        seed: the hospital's seed, 0 to 2**63 - 1.
        name: what is drawn, such as `"laboratory"` or `"facts.stays"`.
        site: the position of a site, when each site has a stream of its own.

    Raises:
        ValueError: the seed is out of range.
    """
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"seed must lie between 0 and 2**63 - 1, not {seed}")
    digest = hashlib.sha256(name.encode("utf-8")).digest()
    words = [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 16, 4)]
    # an absent site and site 0 differ
    words.append(0 if site is None else site + 1)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=words)))
