"""Seeds that a whole cohort shares and that its students cannot guess.

A hidden test that draws its instance from `exam_seed` sees the same instance at every
regrade, and another one in another cohort.
"""

import hashlib
import hmac
import os
from pathlib import Path

SECRET_FILE_VARIABLE = "ECOLE_EXAM_SECRET_FILE"
# public on purpose: a self-learner checks an assignment without a cohort
PUBLIC_SECRET = b"ecole-ia-sante public exam secret, for learning alone"


class ExamSecretError(RuntimeError):
    """The environment names a secret that cannot be used."""


def _secret() -> bytes:
    """Return the secret in use; raise rather than fall back when a file is named."""
    name = os.environ.get(SECRET_FILE_VARIABLE)
    if name is None:
        return PUBLIC_SECRET
    try:
        secret = Path(name).read_bytes().strip()
    except OSError as error:
        raise ExamSecretError(
            f"{SECRET_FILE_VARIABLE} names {name!r}, which cannot be read: {error.strerror}"
        ) from error
    if not secret:
        raise ExamSecretError(f"{SECRET_FILE_VARIABLE} names {name!r}, which is empty")
    return secret


def exam_seed(name: str) -> int:
    """Return the cohort's seed for the instance called `name`.

    Args:
        name: what the seed is for, such as `"w02-timestamps"`; another name, another seed.

    Returns:
        An integer in [0, 2**32): HMAC-SHA256 of `name` under the cohort's secret, which is
        the stripped content of the file that ECOLE_EXAM_SECRET_FILE names, or a public
        constant when that variable is not set.

    Raises:
        ExamSecretError: the variable is set and its file is unreadable or empty.
    """
    digest = hmac.new(_secret(), name.encode("utf-8"), hashlib.sha256).digest()
    return int.from_bytes(digest[:4], "big")


def exam_secret_digest() -> str:
    """Return the SHA-256 (64 hexadecimal digits) of the secret in use, for a batch's record.

    Raises:
        ExamSecretError: as for `exam_seed`.
    """
    return hashlib.sha256(_secret()).hexdigest()
