"""What was checked and found without fault is not executed again while nothing changed."""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from autograder.authoring.masters import REPOSITORY

_FOLDER = REPOSITORY / ".ecole-cache"
_CODE = ("autograder", "datasets/health_datasets")
_CODE_SUFFIXES = {".py", ".csv", ".parquet", ".json", ".yml", ".gz"}


class Checked:
    """A mark left for one thing to execute, its files and what it is executed with.

    Args:
        what: settings, as JSON can write them.
        files: what is read beside the code of the repository.
    """

    def __init__(self, what: Any, files: Iterable[Path]) -> None:
        sha = hashlib.sha256(json.dumps(what).encode())
        sha.update(_code_digest())
        for path in files:
            sha.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        self._mark = _FOLDER / sha.hexdigest()

    def clean(self) -> bool:
        """Was it found without fault before?"""
        return self._mark.exists()

    def keep(self) -> None:
        """Remember that it was found without fault."""
        self._mark.parent.mkdir(exist_ok=True)
        self._mark.touch()


@cache
def _code_digest() -> bytes:
    """All that executes: our code, the data it reads, and the versions asked for."""
    sha = hashlib.sha256((REPOSITORY / "pyproject.toml").read_bytes())
    for package in _CODE:
        for path in sorted((REPOSITORY / package).rglob("*")):
            if path.suffix in _CODE_SUFFIXES and path.is_file():
                name = path.relative_to(REPOSITORY).as_posix()
                sha.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return sha.digest()
