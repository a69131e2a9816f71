"""Open health data for the course, and the seeds that make graded instances fresh.

Everything here works without network. `covid_testing` is real; what `laboratory_export`
adds to it is planted with a seed and says so (see `datasets/cards/`). `dermoscopy`, `ecg` and
`tiles` are synthetic from end to end.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from health_datasets.covid import ContentError, covid_testing
from health_datasets.exam import ExamSecretError, exam_secret_digest, exam_seed
from health_datasets.laboratory import (
    ABSURD_MINUTES,
    MISSING_MARKERS,
    LaboratoryExport,
    laboratory_export,
)

if TYPE_CHECKING:
    from health_datasets.images.abcd import AbcdPerformance, abcd_performance, dermoscopy_lesions
    from health_datasets.images.skin import Dermoscopy, dermoscopy
    from health_datasets.images.tissue import TissueTiles, tiles
    from health_datasets.signals.electrocardiogram import Ecg, ecg

# imported when first used, so that a lesson pays for what it draws
_LAZY = {
    "AbcdPerformance": "images.abcd",
    "Dermoscopy": "images.skin",
    "Ecg": "signals.electrocardiogram",
    "TissueTiles": "images.tissue",
    "abcd_performance": "images.abcd",
    "dermoscopy": "images.skin",
    "dermoscopy_lesions": "images.abcd",
    "ecg": "signals.electrocardiogram",
    "tiles": "images.tissue",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


__all__ = [
    "ABSURD_MINUTES",
    "MISSING_MARKERS",
    "AbcdPerformance",
    "ContentError",
    "Dermoscopy",
    "Ecg",
    "ExamSecretError",
    "LaboratoryExport",
    "TissueTiles",
    "abcd_performance",
    "covid_testing",
    "dermoscopy",
    "dermoscopy_lesions",
    "ecg",
    "exam_secret_digest",
    "exam_seed",
    "laboratory_export",
    "tiles",
]
