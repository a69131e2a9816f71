"""A cohort made from the masters: what `ecole cohort` and every trial class use."""

from collections.abc import Iterable
from pathlib import Path

from autograder.authoring.masters import Master, assignments
from autograder.authoring.translation import Lang
from autograder.grading.cohort import create_cohort


def cohort(directory: Path | str, lang: Lang, masters: Iterable[Master] | None = None) -> Path:
    """Make or refresh an nbgrader course directory with the assignments in one language.

    Args:
        directory: the course directory; its own edits, secret and configuration are kept.
        lang: the cohort's language.
        masters: which assignments; all of the repository's by default.

    Raises:
        EcoleError: see `create_cohort` and `Master.build`.
    """
    chosen = assignments() if masters is None else masters
    return create_cohort(directory, lang, {master.name: master.build(lang) for master in chosen})
