"""What a description says, and where it is read."""

import difflib
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

ColumnType = Literal["int64", "float64", "str", "bool"]


class UnknownSetError(LookupError):
    """No set of the catalogue has that name."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Strict):
    """A text in both languages."""

    fr: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Column(_Strict):
    """One column: its documented name, its name in the source, what it means."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    source: str
    type: ColumnType
    unit: str | None = None
    fr: str
    en: str


class ColumnGroup(_Strict):
    """Columns of one kind under one explanation: `sources` maps each name to the original one."""

    sources: dict[str, str] = Field(min_length=2)
    type: ColumnType
    unit: str | None = None
    fr: str
    en: str

    def columns(self) -> list[Column]:
        """Return the group column by column."""
        shared = self.model_dump(exclude={"sources"})
        return [Column(name=name, source=old, **shared) for name, old in self.sources.items()]


class Source(_Strict):
    """Where the content lies: a package, an item in it, and the SHA-256 of the content.

    For a table the content is the CSV text of what `load` returns; for an array, which a decoder
    of images may render a grey level differently, it is the file in the package.
    """

    package: str
    item: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Axis(_Strict):
    """One axis of an array."""

    name: str
    size: int
    fr: str
    en: str


class Array(_Strict):
    """What an image or a signal holds: axes in order, dtype, meaning of a value."""

    axes: list[Axis]
    dtype: str
    unit: str | None = None
    fr: str
    en: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return tuple(axis.size for axis in self.axes)


class Preview(_Strict):
    """The figure of the card: what `tools/draw_cards.py` draws, and its alternative text."""

    kind: Literal["histogram", "bars", "scatter", "survival", "line", "image", "levels"]
    x: str | None = None
    y: str | None = None
    by: str | None = None
    event: int = 1
    low: float | None = None
    high: float | None = None
    alt: Words


class SetDescription(_Strict):
    """Everything the catalogue knows of one set."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Words
    kind: Literal["real", "synthetic"]
    source: Source
    rows: int | None = None
    row: Words
    weeks: list[int]
    licence: Words
    origin: Words
    population: Words
    period: Words
    know: Words
    limits: Words
    references: list[str] = Field(min_length=1)
    columns: list[Column | ColumnGroup] = []
    array: Array | None = None
    preview: Preview

    @model_validator(mode="after")
    def _table_or_array(self) -> "SetDescription":
        if bool(self.columns) == bool(self.array) or bool(self.columns) != bool(self.rows):
            raise ValueError("a set has rows and columns, or is an array")
        names = [column.name for column in self.all_columns()]
        if len(set(names)) != len(names):
            raise ValueError("two columns have the same name")
        return self

    def all_columns(self) -> list[Column]:
        """Return every column, groups unfolded, in the order of the table."""
        columns: list[Column] = []
        for entry in self.columns:
            columns += entry.columns() if isinstance(entry, ColumnGroup) else [entry]
        return columns

    @property
    def card(self) -> str:
        """File name of the card."""
        return self.name.replace("_", "-") + ".md"


@cache
def names() -> tuple[str, ...]:
    """Return the names of the sets, in alphabetical order."""
    folder = resources.files("health_datasets.open_data").joinpath("sets")
    files = sorted(entry.name for entry in folder.iterdir())
    return tuple(file.removesuffix(".yml") for file in files if file.endswith(".yml"))


def closest(name: str, known: tuple[str, ...]) -> str:
    """Return the sentence that helps whoever asked for an unknown name."""
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return f"did you mean {near[0]!r}?" if near else "known names: " + ", ".join(known)


@cache
def describe(name: str) -> SetDescription:
    """Return the description of one set.

    Raises:
        UnknownSetError: no set has that name; the message suggests the nearest.
    """
    if name not in names():
        raise UnknownSetError(f"the catalogue has no set {name!r}: {closest(name, names())}")
    return SetDescription(name=name, **read_yaml(f"sets/{name}.yml"))


def read_yaml(file: str) -> Any:
    """Return the content of a YAML file of this package."""
    text = resources.files("health_datasets.open_data").joinpath(file).read_text("utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
