"""What there is, and how to have it."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from health_datasets.content import REMEDY, ContentError, digest, verify, version
from health_datasets.open_data import sources
from health_datasets.open_data.description import Column, SetDescription, describe, names
from health_datasets.open_data.downloads import downloadable

Content = Any  # a DataFrame, or a numpy array for images and signals


def load(name: str) -> Content:
    """Return a set of the catalogue: a fresh copy of a verified content, without network.

    A table is a DataFrame whose columns, units and types are those of its card
    (`datasets/cards/`, `describe(name)`); an image or a raw signal is a numpy array.

    Raises:
        UnknownSetError: no set has that name; the message suggests the nearest.
        MissingPackageError: its package is not installed; the message gives the command.
        ContentError: the installed package holds another content.
    """
    return _verified(name).copy()


def catalogue() -> pd.DataFrame:
    """Return one row a set: `name`, titles, size, unit of a row, licence, package, weeks.

    `kind` is "real" or "synthetic"; `rows` and `columns` are missing for images and signals,
    whose `shape` says all; `weeks` are the weeks of the curriculum that the set is meant for;
    `installed` says whether `load` would find its package.
    """
    return pd.DataFrame([_summary(describe(name)) for name in names()])


def without_card(folder: Path) -> list[str]:
    """Return the sets whose card is missing from a folder or lacks one of the two languages."""
    cards = {name: describe(name).card for name in names()}
    cards |= {entry.name: entry.card for entry in downloadable()}
    return sorted(name for name, file in cards.items() if not _is_bilingual(folder / file))


def _is_bilingual(card: Path) -> bool:
    if not card.is_file():
        return False
    lines = card.read_text("utf-8").splitlines()
    return "## Français" in lines and "## English" in lines


def _summary(found: SetDescription) -> dict[str, object]:
    package = found.source.package
    columns = found.all_columns()
    shape = found.array.shape if found.array else (found.rows, len(columns))
    return {
        "name": found.name,
        "title_fr": found.title.fr,
        "title_en": found.title.en,
        "kind": found.kind,
        "rows": found.rows or pd.NA,
        "columns": len(columns) or pd.NA,
        "shape": " × ".join(map(str, shape)),
        "row_fr": found.row.fr,
        "row_en": found.row.en,
        "weeks": tuple(found.weeks),
        "package": package,
        "licence_fr": found.licence.fr,
        "licence_en": found.licence.en,
        "installed": sources.is_installed(package),
    }


@cache
def _verified(name: str) -> Content:
    """Read and verify a set once; callers copy it. What fails is not kept."""
    found = describe(name)
    package, item = found.source.package, found.source.item
    sources.require(package, name)
    if found.array is not None:
        digest_found = sources.file_digest(package, item)
        verify(digest_found, found.source.sha256, item, version(package))
        content: np.ndarray[Any, Any] = sources.array(package, item)
        return content
    table = _documented(sources.table(package, item), found)
    verify(digest(table), found.source.sha256, item, version(package))
    return table


def _documented(raw: pd.DataFrame, found: SetDescription) -> pd.DataFrame:
    """Return the table under its documented names and types."""
    columns = found.all_columns()
    absent = [column.source for column in columns if column.source not in raw]
    if absent:
        raise ContentError(
            f"{found.source.item} of the installed {version(found.source.package)} "
            f"lacks {', '.join(absent)}: {REMEDY}"
        )
    return pd.DataFrame({column.name: _typed(raw[column.source], column) for column in columns})


def _typed(values: pd.Series, column: Column) -> pd.Series:
    if column.type != "str" and not pd.api.types.is_numeric_dtype(values):
        values = pd.to_numeric(values.astype("str"))
    return values.astype(column.type)
