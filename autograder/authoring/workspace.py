"""The self-learner's workspace: notebooks of one language outside the repository."""

import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from autograder.authoring.cohort import cohort
from autograder.authoring.lessons import build_lessons
from autograder.authoring.masters import REPOSITORY
from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.grading import open_course, release


@dataclass
class Delivery:
    """What a refresh of the workspace did, as paths relative to it."""

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def prepare_workspace(directory: Path | str, lang: Lang) -> Delivery:
    """Bring the lessons and assignments of one language, without solutions and hidden tests.

    A file that the learner changed is never touched: where the course has a newer version, it
    is put beside it as `….new.ipynb`.

    Raises:
        EcoleError: the directory lies in the repository or holds the other language.
    """
    root = Path(directory).expanduser().resolve()
    if root.is_relative_to(REPOSITORY):
        raise EcoleError(f"{root} lies in the repository: choose a folder outside it for your work")
    manifest_path = root / ".ecole" / "delivered.json"
    manifest = _read_manifest(manifest_path, lang)
    delivery = Delivery()
    with tempfile.TemporaryDirectory(prefix="ecole-learn-") as name:
        fresh = _fresh_notebooks(Path(name), lang)
        for relative, data in fresh.items():
            _deliver(root, relative, data, manifest, delivery)
    manifest_path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"lang": lang, "files": manifest}, indent=1, sort_keys=True)
    manifest_path.write_text(text, encoding="utf-8")
    return delivery


def _fresh_notebooks(folder: Path, lang: Lang) -> dict[str, bytes]:
    build_lessons(folder / "course", lang, solutions=False)
    course = open_course(cohort(folder / "cohort", lang))
    for source in sorted((course.root / "source").iterdir()):
        release(course, source.name)
    fresh = {}
    for top, place in (("course", folder / "course"), ("assignments", course.root / "release")):
        for path in sorted(place.rglob("*")):
            if path.is_file():
                fresh[f"{top}/{path.relative_to(place).as_posix()}"] = path.read_bytes()
    return fresh


def _read_manifest(path: Path, lang: Lang) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        delivered, files = manifest["lang"], dict(manifest["files"])
    except (ValueError, KeyError, TypeError):
        return {}  # nothing is known to be ours: every present file is kept
    if delivered != lang:
        raise EcoleError(
            f"{path.parent.parent} holds the course in {delivered!r}: choose another folder "
            f"for {lang!r}, for instance `ecole learn --lang {lang} ~/ecole-ia-sante-{lang}`"
        )
    return files


def _deliver(
    root: Path, relative: str, data: bytes, manifest: dict[str, str], delivery: Delivery
) -> None:
    path = root / relative
    digest = hashlib.sha256(data).hexdigest()
    present = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
    if present == digest:
        manifest[relative] = digest
    elif present is None or present == manifest.get(relative):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        manifest[relative] = digest
        delivery.written.append(relative)
    else:
        delivery.kept.append(relative)
        if manifest.get(relative) != digest:
            beside = path.with_name(f"{path.stem}.new{path.suffix}")
            beside.write_bytes(data)
            # the version offered is remembered: it is offered once
            manifest[relative] = digest
            delivery.beside.append(beside.relative_to(root).as_posix())
