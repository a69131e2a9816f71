"""Open health data for the course, and the seeds that make graded instances fresh.

Everything here works without network. `covid_testing` is real; what `laboratory_export`
adds to it is planted with a seed and says so (see `datasets/cards/`). `catalogue()` lists the
real sets that installed packages carry and `load(name)` gives one. `hospital`, `stays_export`,
`dermoscopy`, `ecg` and `tiles` are synthetic from end to end.
"""

from importlib import import_module
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
    from health_datasets.images.abcd import AbcdPerformance, abcd_performance, dermoscopy_lesions
    from health_datasets.images.skin import Dermoscopy, dermoscopy
    from health_datasets.images.tissue import TissueTiles, tiles
    from health_datasets.open_data import catalogue, download, load, without_card
    from health_datasets.signals.electrocardiogram import Ecg, ecg
    from health_datasets.stays import StaysExport, stays_export
    from health_datasets.virtual_hospital import Hospital, calibration_report, hospital

# imported when first used: `import health_datasets` stays light
_LAZY = {
    "AbcdPerformance": "images.abcd",
    "Dermoscopy": "images.skin",
    "Ecg": "signals.electrocardiogram",
    "Hospital": "virtual_hospital",
    "StaysExport": "stays",
    "TissueTiles": "images.tissue",
    "abcd_performance": "images.abcd",
    "calibration_report": "virtual_hospital",
    "catalogue": "open_data",
    "dermoscopy": "images.skin",
    "dermoscopy_lesions": "images.abcd",
    "download": "open_data",
    "ecg": "signals.electrocardiogram",
    "hospital": "virtual_hospital",
    "load": "open_data",
    "stays_export": "stays",
    "tiles": "images.tissue",
    "without_card": "open_data",
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
    "Hospital",
    "LaboratoryExport",
    "StaysExport",
    "TissueTiles",
    "abcd_performance",
    "calibration_report",
    "catalogue",
    "covid_testing",
    "dermoscopy",
    "dermoscopy_lesions",
    "download",
    "ecg",
    "exam_secret_digest",
    "exam_seed",
    "hospital",
    "laboratory_export",
    "load",
    "stays_export",
    "tiles",
    "without_card",
]
