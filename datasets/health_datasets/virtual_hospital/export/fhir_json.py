"""Pieces of JSON, a column at a time, from which FHIR resources are put together.

A *piece* is `,"name":…`, or nothing where the element is absent; a resource is its pieces one
after the other. A piece that all resources share is a text, the others are arrays of texts.
"""

import json
from collections.abc import Mapping
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.export import texts
from health_datasets.virtual_hospital.export.texts import Texts

Piece = Texts | str
# every resource says that it is no real person's (HL7 v3 ActReason)
META = {
    "security": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
            "code": "HTEST",
            "display": "test health data",
        }
    ]
}


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def assemble(kind: str, identifiers: Texts, *pieces: Piece) -> list[str]:
    """Return one line of JSON a resource."""
    head = f'{{"resourceType":"{kind}","id":"'
    tail = f'","meta":{dumped(META)}'
    columns = [repeat(piece) if isinstance(piece, str) else piece for piece in pieces]
    rows = zip(repeat(head), identifiers, repeat(tail), *columns, repeat("}"), strict=False)
    return list(map("".join, rows))


def fixed(name: str, value: Any) -> str:
    """Return the piece of an element that all resources share."""
    return f',"{name}":{dumped(value)}'


def identifiers(values: pd.Series | pd.Index, prefix: str = "") -> Texts:
    """Return values as FHIR identifiers: letters, digits, `-` and `.`, 64 at most."""
    text = pd.Series(values).astype("str")
    if not text.str.fullmatch(r"[A-Za-z0-9.-]+").all():
        text = text.str.replace(r"[^A-Za-z0-9.-]", "-", regex=True)
    return np.asarray(prefix + text.to_numpy(dtype=object))


def encoded(values: pd.Series) -> Texts:
    """Return text as JSON strings; `""` for absent ones."""
    codes, distinct = pd.factorize(values)
    strings = np.array([*(dumped(str(value)) for value in distinct), '""'], dtype=object)
    return np.asarray(strings[codes])


def mapped(values: pd.Series, pieces: Mapping[Any, str], otherwise: str = "") -> Texts:
    """Return the piece of each value; `otherwise` for values without one."""
    codes, distinct = pd.factorize(values)
    found = np.array([*(pieces.get(value, otherwise) for value in distinct), otherwise], object)
    return np.asarray(found[codes])


def piece(name: str, content: Texts, known: pd.Series | None = None) -> Texts:
    """Return `,"name":content`, nothing where it is not `known`."""
    whole = f',"{name}":' + content
    if known is None or bool(known.all()):
        return np.asarray(whole)
    return np.where(known.to_numpy(dtype=bool), whole, "")


def reference(name: str, kind: str, values: pd.Series, prefix: str = "") -> Texts:
    """Return a piece that points at resources of a kind; nothing where the key is absent."""
    content = f'{{"reference":"{kind}/' + identifiers(values, prefix) + '"}'
    return piece(name, content, values.notna())


def moment(values: pd.Series) -> Texts:
    """Return moments as JSON strings with the offset of metropolitan France (`""` if absent)."""
    summer = texts.in_summer_time(values)
    zone = np.where(summer, "+02:00", "+01:00").astype(object)
    return np.asarray('"' + texts.moments(values, "fhir", dates=False) + zone + '"')


def moment_piece(name: str, values: pd.Series) -> Texts:
    return piece(name, moment(values), values.notna())


def day_piece(name: str, values: pd.Series) -> Texts:
    content = '"' + texts.moments(values, "iso", dates=True) + '"'
    return piece(name, np.asarray(content), values.notna())


def period(start: pd.Series, end: pd.Series, name: str = ',"period":') -> Texts:
    """Return the piece of a period (or its content); its end is left out where it is absent."""
    last = piece("end", moment(end), end.notna())
    return np.asarray(name + '{"start":' + moment(start) + last + "}")


def decimal(values: pd.Series) -> Texts:
    """Return numbers as JSON numbers, `null` where absent (to be left out)."""
    codes, distinct = pd.factorize(values)
    numbers = [texts.decimal_text(value) for value in np.asarray(distinct)]
    return np.asarray(np.array([*numbers, "null"], dtype=object)[codes])


def joined(content: Texts, group: np.ndarray[Any, Any], count: int) -> Texts:
    """Join the content of each group, in order, with commas.

    Args:
        content: pieces.
        group: for each, its group, 0 to count - 1, or -1 for none.
        count: how many groups there are.
    """
    order = np.argsort(group, kind="stable")
    order = order[np.searchsorted(group[order], 0) :]
    edges = np.searchsorted(group[order], np.arange(count + 1))
    sorted_content = content[order]
    return np.array(
        [",".join(sorted_content[a:b]) for a, b in pairwise(edges)],
        dtype=object,
    )


def concept(text: str, *codings: tuple[str, str, str]) -> dict[str, Any]:
    """Return a CodeableConcept; each coding is system, code, display."""
    coded = [
        {"system": system, "code": code} | ({"display": display} if display else {})
        for system, code, display in codings
    ]
    return ({"coding": coded} if coded else {}) | ({"text": text} if text else {})
