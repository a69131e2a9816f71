"""Open health data for the course, and the seeds that make graded instances fresh.

Everything here works without network. `covid_testing` is real; what `laboratory_export`
adds to it is planted with a seed and says so (see `datasets/cards/`).
"""

from health_datasets.covid import ContentError, covid_testing
from health_datasets.exam import ExamSecretError, exam_secret_digest, exam_seed
from health_datasets.laboratory import (
    ABSURD_MINUTES,
    MISSING_MARKERS,
    LaboratoryExport,
    laboratory_export,
)

__all__ = [
    "ABSURD_MINUTES",
    "MISSING_MARKERS",
    "ContentError",
    "ExamSecretError",
    "LaboratoryExport",
    "covid_testing",
    "exam_secret_digest",
    "exam_seed",
    "laboratory_export",
]
