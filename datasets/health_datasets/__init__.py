"""Open health data for the course, and the seeds that make graded instances fresh.

Everything here works without network. `covid_testing` is real; what `laboratory_export`
adds to it is planted with a seed and says so (see `datasets/cards/`). `catalogue()` lists the
real sets that installed packages carry and `load(name)` gives one.
"""

import importlib
from typing import TYPE_CHECKING, Any

from health_datasets.content import ContentError
from health_datasets.covid import covid_testing
from health_datasets.exam import ExamSecretError, exam_secret_digest, exam_seed
from health_datasets.laboratory import (
    ABSURD_MINUTES,
    MISSING_MARKERS,
    LaboratoryExport,
    laboratory_export,
)

if TYPE_CHECKING:
    from health_datasets.open_data import catalogue, download, load, without_card

__all__ = [
    "ABSURD_MINUTES",
    "MISSING_MARKERS",
    "ContentError",
    "ExamSecretError",
    "LaboratoryExport",
    "catalogue",
    "covid_testing",
    "download",
    "exam_secret_digest",
    "exam_seed",
    "laboratory_export",
    "load",
    "without_card",
]

# imported when first asked for, so that `import health_datasets` stays light
_LAZY = dict.fromkeys(
    ("catalogue", "download", "load", "without_card"), "health_datasets.open_data"
)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
