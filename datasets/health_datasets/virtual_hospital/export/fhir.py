"""The hospital as FHIR R4 resources, one NDJSON file a type, as bulk export gives them.

R4 (4.0.1) and not R5: the French profiles (FR Core of HL7 France, the guides of the Agence du
numérique en santé) are R4. No profile is claimed (`meta.profile` is empty): FR Core is followed
for identity, names and place of birth, not checked as a whole. `fhir.resources` validates R4B
(4.3.0), in which the resources used here are those of R4.

The INS is the one for demonstration (INS-NIR-DEMO, OID 1.2.250.1.213.1.4.11 of FR Core): a
number that is nobody's must never bear the OID of real ones. Every resource has the security
label HTEST, test health data. Times bear the offset of metropolitan France. PMSI modes, triage
level, role and route, which have no code in a list open to all, are text (or bear a code of
ours, under an address that ends in `.example`).
"""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pandas as pd

from health_datasets.virtual_hospital.export import HasTables
from health_datasets.virtual_hospital.export.fhir_resources import BUILDERS
from health_datasets.virtual_hospital.export.files import new_folder, optional

FHIR_VERSION: Final = "4.0.1"
_HEAD = re.compile(r'^\{"resourceType":"(\w+)","id":"([A-Za-z0-9.-]{1,64})"')
_REFERENCE = re.compile(r'"reference":"(\w+/[^"]+)"')


class InvalidResourceError(ValueError):
    """A resource is not valid FHIR, or points at one that does not exist."""


def to_fhir(hospital: HasTables, folder: str | Path) -> dict[str, int]:
    """Write the hospital as FHIR R4 resources into `folder/<type>.ndjson`, one a line.

    Organization (sites), Location (wards and beds), Practitioner, Patient, Encounter (stays;
    their medical units, part of them; emergency visits), Condition (coded diagnoses),
    Observation (laboratory, vital signs), DiagnosticReport (the results of one draw),
    Procedure, MedicationRequest, DocumentReference (reports): those whose tables there are.
    Every reference points at a resource of the folder.

    Args:
        hospital: the hospital.
        folder: made by this call; it may exist if it is empty.

    Returns:
        How many resources of each type were written.

    Raises:
        FileExistsError: the folder is not empty. FileNotFoundError: its parent does not exist.
    """
    present = set(hospital.tables)
    counts: dict[str, int] = {}
    with new_folder(folder) as partial:
        for kind, build, needed in BUILDERS:
            if not present.issuperset(needed):
                continue
            with (partial / f"{kind}.ndjson").open("a", encoding="utf-8", newline="\n") as file:
                for portion in build({name: hospital.tables[name] for name in needed}):
                    counts[kind] = counts.get(kind, 0) + len(portion)
                    file.writelines(f"{line}\n" for line in portion)
    return counts


def check_fhir(folder: str | Path, sample: int = 50) -> pd.DataFrame:
    """Validate a sample of every type with `fhir.resources` and follow every reference.

    Args:
        folder: written by `to_fhir`.
        sample: how many resources of a type are validated, evenly spread over the file.

    Returns:
        One row a type: `type`, `resources`, `validated`, `references` (all followed).

    Raises:
        InvalidResourceError: a resource is not valid, is there twice, or points at nothing.
        FileNotFoundError: there is no NDJSON file in the folder.
        ModuleNotFoundError: fhir.resources is not installed; the message says how to install it.
    """
    optional("fhir.resources.R4B", "fhir.resources>=8.3,<9")
    files = sorted(Path(folder).glob("*.ndjson"))
    if not files:
        raise FileNotFoundError(f"there is no .ndjson file in {folder}")
    known: set[str] = set()
    for path in files:
        for line in _lines(path):
            head = _HEAD.match(line)
            name = f"{head[1]}/{head[2]}" if head else ""
            if head is None or head[1] != path.stem or name in known:
                raise InvalidResourceError(f"{path.name}: no type, or an id twice: {line[:80]}")
            known.add(name)
    return pd.DataFrame([_checked(path, sample, known) for path in files])


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        yield from file


def _checked(path: Path, sample: int, known: set[str]) -> dict[str, Any]:
    model = getattr(import_module(f"fhir.resources.R4B.{path.stem.lower()}"), path.stem)
    total = sum(1 for _ in _lines(path))
    step = max(1, -(-total // max(1, sample)))
    validated = references = 0
    for number, line in enumerate(_lines(path)):
        for target in _REFERENCE.findall(line):
            references += 1
            if target not in known:
                raise InvalidResourceError(f"{path.name}, line {number + 1}: no {target}")
        if number % step == 0:
            validated += 1
            try:
                model.model_validate(json.loads(line))
            except ValueError as error:
                raise InvalidResourceError(f"{path.name}, line {number + 1}: {error}") from error
    return {
        "type": path.stem,
        "resources": total,
        "validated": validated,
        "references": references,
    }
