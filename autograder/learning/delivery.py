"""Deliver the lessons and assignments of one language into a workspace, over nobody's work."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from itertools import count
from pathlib import Path, PurePosixPath

import nbformat

from autograder.authoring.masters import REPOSITORY, Master, assignments, lessons
from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.learning.cards import named_cards
from autograder.learning.outline import keep_stubs, read_notebook_json, source_of
from autograder.learning.sheet import sheet, sheet_name
from autograder.learning.words import say
from autograder.learning.workspace import MANIFEST, Built, Manifest, Workspace, mendable
from autograder.learning.workspace import read_manifest as read_manifest_of

_BUILDERS = (
    "authoring/*.py",
    "grading/cohort.py",
    "learning/delivery.py",
    "learning/outline.py",
    "typography.py",
)
_BUILT_WITH = ("jupytext", "nbformat", "nbgrader")
_FILE_BYTES = 200_000_000


@dataclass
class Delivery:
    """What a refresh of the workspace did, as paths relative to it."""

    root: Path
    lang: Lang
    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def prepare_workspace(directory: Path | str, lang: Lang) -> Delivery:
    """Bring the lessons and assignments of one language, without solutions and hidden tests.

    A file that the learner changed is never touched: where the course has a newer version, it
    is put beside it as `….new.ipynb`. What is built is kept in `.ecole/built/`, by the content
    of all that it depends on, so that a second run builds what is new alone.

    Raises:
        EcoleError: the directory lies in the repository, holds the other language, is a file,
            cannot be written, or the disk is full.
    """
    root = Path(directory).expanduser().resolve()
    if root.is_relative_to(REPOSITORY):
        raise EcoleError(
            say(
                lang,
                fr=f"{root} se trouve dans le dépôt : choisissez un dossier ailleurs pour votre "
                f"travail, par exemple ~/ecole-ia-sante-{lang}",
                en=f"{root} lies in the repository: choose a folder outside it for your work, "
                f"for instance ~/ecole-ia-sante-{lang}",
            )
        )
    return _refresh(root, lang, fresh_files)


def deliver(directory: Path | str, lang: Lang, files: Mapping[str, bytes]) -> Delivery:
    """Bring files into a folder by the same rules as `prepare_workspace`: over nobody's work.

    Args:
        files: what to bring, by path relative to the folder.

    Raises:
        EcoleError: see `prepare_workspace`.
    """
    root = Path(directory).expanduser().resolve()
    return _refresh(root, lang, lambda workspace, manifest: files)


def built_lessons(lang: Lang, weeks: int | None = None) -> dict[str, bytes]:
    """The lessons as learners receive them, by path: `course/m1-…/w01-…/01-….ipynb`.

    With them the cards of the data that these weeks' lessons and assignments name.

    Args:
        weeks: those of the weeks 1 to this one; None: all.
    """
    chosen = [master for master in lessons() if _is_within(master, weeks)]
    built = {name: data for _, files in _build(chosen, lang) for name, data in files.items()}
    graded = [master for master in assignments() if _is_within(master, weeks)]
    texts = [master.path.read_text(encoding="utf-8") for master in (*chosen, *graded)]
    return built | named_cards(texts)


def _is_within(master: Master, weeks: int | None) -> bool:
    return weeks is None or int(master.module.partition("-")[0].removeprefix("w")) <= weeks


def _refresh(
    root: Path, lang: Lang, files: Callable[[Workspace, Manifest], Mapping[str, bytes]]
) -> Delivery:
    with mendable(root, lang):
        manifest = _manifest(root, lang)
        root.mkdir(parents=True, exist_ok=True)
        workspace = Workspace(root, lang)
        delivery = Delivery(root, lang)
        with workspace.lock():
            for relative, data in files(workspace, manifest).items():
                _deliver(workspace, relative, data, manifest, delivery)
            text = json.dumps(manifest.model_dump(), indent=1, sort_keys=True)
            workspace.put(MANIFEST, text.encode())
    return delivery


def fresh_files(workspace: Workspace, manifest: Manifest) -> dict[str, bytes]:
    """What the course delivers today, by path in the workspace; `manifest.built` is updated."""
    masters = {_label(master): master for master in [*lessons(), *assignments()]}
    keys = {label: _key(master, workspace.lang) for label, master in masters.items()}
    fresh: dict[str, dict[str, bytes]] = {}
    for label, key in keys.items():
        kept = _kept(workspace, manifest.built.get(label), key)
        if kept is not None:
            fresh[label] = kept
    missing = [master for label, master in masters.items() if label not in fresh]
    for label, files in _build(missing, workspace.lang):
        fresh[label] = files
        for relative, data in files.items():
            workspace.put(f".ecole/built/{relative}", data)
    manifest.built = {
        label: Built(key=keys[label], files={name: _sha(data) for name, data in files.items()})
        for label, files in sorted(fresh.items())
    }
    names = [master.name for master in masters.values() if master.kind == "assignment"]
    together = {name: data for label in masters for name, data in fresh[label].items()}
    cards = named_cards(master.path.read_text(encoding="utf-8") for master in masters.values())
    return together | cards | {sheet_name(workspace.lang): sheet(names, workspace.lang)}


def _manifest(root: Path, lang: Lang) -> Manifest:
    found = read_manifest_of(root)
    if found is None:  # nothing is known to be ours: every present file is kept
        return Manifest(lang=lang)
    if found.lang != lang:
        raise EcoleError(
            say(
                lang,
                fr=f"{root} contient le cours en {found.lang!r} : choisissez un autre dossier pour "
                f"{lang!r}, par exemple `ecole learn --lang {lang} ~/ecole-ia-sante-{lang}`",
                en=f"{root} holds the course in {found.lang!r}: choose another folder for "
                f"{lang!r}, for instance `ecole learn --lang {lang} ~/ecole-ia-sante-{lang}`",
            )
        )
    return found


# ------------------------------------------------------------------------ building


def _label(master: Master) -> str:
    return f"{master.kind}/{master.module}/{master.name}"


def _key(master: Master, lang: Lang) -> str:
    """A digest of all that a built notebook depends on."""
    return _sha(f"{lang} {_builders()} {_sha(master.path.read_bytes())}".encode())


@cache
def _builders() -> str:
    code = Path(__file__).resolve().parents[1]
    paths = sorted(path for pattern in _BUILDERS for path in code.glob(pattern))
    return "\n".join(
        [_sha(path.read_bytes()) for path in paths] + [version(name) for name in _BUILT_WITH]
    )


def _kept(workspace: Workspace, built: Built | None, key: str) -> dict[str, bytes] | None:
    """The files of one master as they were built before; None where they are to be built."""
    if built is None or built.key != key:
        return None
    files = {}
    for relative, digest in built.files.items():
        try:
            data = workspace.read(f".ecole/built/{relative}", _FILE_BYTES)
        except ValueError:
            return None
        if data is None or _sha(data) != digest:
            return None
        files[relative] = data
    return files


def _build(masters: list[Master], lang: Lang) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each master's files: lessons built here, assignments released by nbgrader."""
    for master in masters:
        if master.kind == "lesson":
            place = master.path.relative_to(REPOSITORY).with_suffix(".ipynb").as_posix()
            lesson = master.build(lang, solutions=False)
            keep_stubs(lesson)
            yield _label(master), {place: nbformat.writes(lesson).encode() + b"\n"}
    graded = [master for master in masters if master.kind == "assignment"]
    if graded:
        yield from _release(graded, lang)


def _release(masters: list[Master], lang: Lang) -> Iterator[tuple[str, dict[str, bytes]]]:
    from autograder.authoring.cohort import cohort
    from autograder.grading import open_course, release

    with tempfile.TemporaryDirectory(prefix="ecole-learn-") as name:
        course = open_course(cohort(Path(name, "cohort"), lang, masters))
        for master in masters:
            folder = release(course, master.name)
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            yield (
                _label(master),
                {
                    f"assignments/{master.name}/{path.relative_to(folder).as_posix()}": (
                        path.read_bytes()
                    )
                    for path in files
                },
            )


# ---------------------------------------------------------------------- delivering


def _deliver(
    workspace: Workspace, relative: str, data: bytes, manifest: Manifest, delivery: Delivery
) -> None:
    workspace.refuse_outside((workspace.root / relative).parent)
    digest = _digest(relative, data, workspace.lang)
    present = _present(workspace, relative)
    if present == digest:
        manifest.files[relative] = digest
    elif present is None or present == manifest.files.get(relative):
        workspace.put(relative, data)
        manifest.files[relative] = digest
        delivery.written.append(relative)
    else:
        delivery.kept.append(relative)
        if manifest.files.get(relative) != digest:
            beside = _beside(workspace, relative, manifest)
            workspace.put(beside, data)
            manifest.files[beside] = digest
            # the version offered is remembered: it is offered once
            manifest.files[relative] = digest
            delivery.beside.append(beside)


def _present(workspace: Workspace, relative: str) -> str | None:
    """The digest of what is there; a link, a folder, something huge count as the learner's."""
    try:
        data = workspace.read(relative, _FILE_BYTES)
    except ValueError:
        return "the learner's own"
    return None if data is None else _digest(relative, data, workspace.lang)


def _beside(workspace: Workspace, relative: str, manifest: Manifest) -> str:
    """Where a newer version goes: never over one that the learner began to fill in."""
    path = PurePosixPath(relative)
    for name in _new_names(path):
        beside = path.with_name(name).as_posix()
        present = _present(workspace, beside)
        if present is None or present == manifest.files.get(beside):
            return beside
    raise AssertionError("names never end")


def _new_names(path: PurePosixPath) -> Iterable[str]:
    yield f"{path.stem}.new{path.suffix}"
    for number in count(2):
        yield f"{path.stem}.new-{number}{path.suffix}"


def _digest(relative: str, data: bytes, lang: Lang) -> str:
    """Changed by any edit; running the sheet that grades assignments is none."""
    if relative == sheet_name(lang):
        try:
            cells = read_notebook_json(data)["cells"]
        except ValueError:
            return _sha(data)
        return _sha("\0".join(map(source_of, cells)).encode())
    return _sha(data)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
