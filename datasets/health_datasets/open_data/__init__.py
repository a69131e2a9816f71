"""The catalogue: real open data that installed packages already carry, loaded without network.

`sets/` holds one description a set: where it comes from, its licence, its columns with units and
original names, its biases, its checksum. `load` reads, renames and verifies it; cards
(`cards.py`) and Croissant metadata (`croissant.py`) are written from it by `tools/draw_cards.py`.
"""

from health_datasets.content import ContentError
from health_datasets.open_data.description import SetDescription, UnknownSetError, describe, names
from health_datasets.open_data.downloads import (
    Download,
    DownloadError,
    LicenceError,
    download,
    fetch,
)
from health_datasets.open_data.shelf import catalogue, load, without_card
from health_datasets.open_data.sources import MissingPackageError

__all__ = [
    "ContentError",
    "Download",
    "DownloadError",
    "LicenceError",
    "MissingPackageError",
    "SetDescription",
    "UnknownSetError",
    "catalogue",
    "describe",
    "download",
    "fetch",
    "load",
    "names",
    "without_card",
]
