"""What was checked is not checked again while nothing changed."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from autograder.authoring.checks.findings import Finding
from autograder.authoring.masters import REPOSITORY

CACHE = REPOSITORY / ".ecole-cache"
_CODE = ("autograder", "datasets/health_datasets")
_CODE_SUFFIXES = {".py", ".csv", ".parquet", ".json", ".yml", ".gz"}


class Checked:
    """What a check found, kept by the content of all that it depends on.

    Args:
        what: settings, as JSON can write them.
        files: what is read beside the code of the repository.
    """

    def __init__(self, what: Any, files: Iterable[Path]) -> None:
        self._path = CACHE / f"{content_key(what, files)}.json"

    def found(self) -> list[Finding] | None:
        """What was found; None when this was not checked yet."""
        try:
            return [Finding(**each) for each in json.loads(self._path.read_text("utf-8"))]
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, findings: list[Finding]) -> None:
        """Remember what was found."""
        self._path.parent.mkdir(exist_ok=True)
        text = json.dumps([asdict(each) for each in findings], ensure_ascii=False)
        self._path.write_text(text, "utf-8")


def content_key(what: Any, files: Iterable[Path]) -> str:
    """A name for what comes of these settings and files; another as soon as the code changes."""
    sha = hashlib.sha256(json.dumps(what).encode())
    sha.update(code_digest())
    for path in files:
        sha.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return sha.hexdigest()


@cache
def code_digest() -> bytes:
    """All that checks and executes: our code, the data it reads, and the versions asked for."""
    sha = hashlib.sha256((REPOSITORY / "pyproject.toml").read_bytes())
    for package in _CODE:
        for path in sorted((REPOSITORY / package).rglob("*")):
            if path.suffix in _CODE_SUFFIXES and path.is_file():
                name = path.relative_to(REPOSITORY).as_posix()
                sha.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return sha.digest()
