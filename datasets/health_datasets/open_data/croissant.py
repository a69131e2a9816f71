"""Croissant metadata (https://docs.mlcommons.org/croissant/) of a set, from its description.

The file described is what anyone obtains from `load`: `load(name).to_csv(path, index=False)` for
a table, the file inside the package for an image or a signal. Its SHA-256 is the catalogue's.
"""

from pathlib import PurePosixPath
from typing import Any

from health_datasets.open_data.description import Column, SetDescription
from health_datasets.open_data.sources import PACKAGES

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
DATA_TYPES = {
    "int64": "sc:Integer",
    "float64": "sc:Float",
    "str": "sc:Text",
    "bool": "sc:Boolean",
}
FORMATS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".dcm": "application/dicom",
    ".npz": "application/octet-stream",
}
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(found: SetDescription) -> dict[str, Any]:
    """Return the JSON-LD of a set, in English."""
    package = found.source.package
    content: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": found.name,
        "description": " ".join((found.title.en + ".", found.origin.en, found.population.en)),
        "license": found.licence.en,
        "url": PACKAGES[package].url,
        "version": _pinned(package),
        "citeAs": " ".join(found.references),
        "inLanguage": ["en", "fr"],
        "rai:dataBiases": found.know.en,
        "rai:dataUseCases": found.limits.en,
        "rai:dataCollectionTimeframe": found.period.en,
        "distribution": [_file(found)],
    }
    if found.columns:
        content["recordSet"] = [_records(found)]
    return content


def _pinned(package: str) -> str:
    """Return the version that the course was written with, or the oldest one allowed."""
    wanted = PACKAGES[package].requirement.split(",")[0].split("=")[-1]
    return wanted if wanted.count(".") == 2 else wanted + ".0" * (2 - wanted.count("."))


def _file(found: SetDescription) -> dict[str, Any]:
    item = PurePosixPath(found.source.item)
    file = f"{found.name}.csv" if found.columns else item.name
    made = f"health_datasets.load({found.name!r}).to_csv({file!r}, index=False)"
    inside = f"{item} of the package {found.source.package}"
    return {
        "@type": "cr:FileObject",
        "@id": file,
        "name": file,
        "description": made if found.columns else inside,
        "contentUrl": file,
        "encodingFormat": "text/csv" if found.columns else FORMATS[item.suffix],
        "sha256": found.source.sha256,
    }


def _records(found: SetDescription) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": found.name,
        "name": found.name,
        "description": found.row.en,
        "field": [_field(found.name, column) for column in found.all_columns()],
    }


def _field(name: str, column: Column) -> dict[str, Any]:
    unit = f" [{column.unit}]" if column.unit else ""
    return {
        "@type": "cr:Field",
        "@id": f"{name}/{column.name}",
        "name": f"{name}/{column.name}",
        "description": f"{column.en}{unit}",
        "dataType": DATA_TYPES[column.type],
        "source": {"fileObject": {"@id": f"{name}.csv"}, "extract": {"column": column.name}},
    }
