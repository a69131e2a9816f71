"""The learner's workspace: where it is, and how files are read and written in it.

Nothing is written through a link that leads outside, and no file is ever left half written.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from autograder.authoring.translation import LANGS, Lang
from autograder.errors import EcoleError
from autograder.learning.words import say, terminal_language

MANIFEST = ".ecole/delivered.json"
_MANIFEST_BYTES = 10_000_000


class Built(BaseModel):
    """What was built from one master: a key of all that it depends on, and its files' digests."""

    key: str
    files: dict[str, str]


class Manifest(BaseModel):
    """What was delivered: digests of the version last offered, by path in the workspace."""

    lang: Lang
    files: dict[str, str] = {}
    built: dict[str, Built] = {}


@dataclass(frozen=True)
class Workspace:
    """One learner's folder, in one language."""

    root: Path
    lang: Lang

    def put(self, relative: str, data: bytes) -> Path:
        """Write a file whole or not at all; a link in its place is replaced, not followed.

        Raises:
            EcoleError: a folder on the way is a link that leads outside the workspace.
        """
        path = self.root / relative
        self.refuse_outside(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}.ecole-new")
        fresh.unlink(missing_ok=True)
        try:
            with fresh.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
        return path

    def read(self, relative: str, max_bytes: int) -> bytes | None:
        """A regular file of the workspace; None where there is none.

        Raises:
            ValueError: a link, no regular file, or one of more than `max_bytes`.
        """
        path = self.root / relative
        if not path.parent.resolve().is_relative_to(self.root):
            raise ValueError("link")
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ValueError("link" if path.is_symlink() else str(error.strerror)) from error
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("not a regular file")
            if status.st_size > max_bytes:
                raise ValueError(f"{status.st_size:,} bytes")
            return file.read(max_bytes)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One writer at a time: a notebook and a terminal may work in the same workspace."""
        path = self.root / ".ecole" / "lock"
        self.refuse_outside(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def refuse_outside(self, folder: Path) -> None:
        """Raise EcoleError where a folder, through a link, lies outside the workspace."""
        if not folder.resolve().is_relative_to(self.root):
            raise EcoleError(
                say(
                    self.lang,
                    fr=f"{folder} est un lien qui mène hors de {self.root} : remplacez-le par un "
                    "vrai dossier, ou choisissez un autre espace de travail",
                    en=f"{folder} is a link that leads outside {self.root}: replace it by a "
                    "real folder, or choose another workspace",
                )
            )


def read_manifest(root: Path) -> Manifest | None:
    """What was delivered in a folder; None where there is no (readable) list of it."""
    try:
        data = Workspace(root, "en").read(MANIFEST, _MANIFEST_BYTES)
        return None if data is None else Manifest.model_validate_json(data)
    except (ValidationError, ValueError):
        return None


def find_workspace(directory: Path | str | None = None) -> Workspace:
    """The workspace at `directory`; by default the one that one stands in, else the one at home.

    Raises:
        EcoleError: there is none, or one cannot tell which.
    """
    if directory is not None:
        root = Path(directory).expanduser().resolve()
        return _opened(root) if is_workspace(root) else _refuse(root)
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if is_workspace(folder):
            return _opened(folder)
    usual = [root for lang in LANGS if is_workspace(root := home_workspace(lang))]
    if len(usual) == 1:
        return _opened(usual[0])
    lang = terminal_language()
    if usual:
        both = ", ".join(str(root) for root in usual)
        raise EcoleError(
            say(
                lang,
                fr=f"plusieurs espaces de travail : {both} ; allez dans l'un d'eux, ou nommez-le "
                "avec --workspace DOSSIER",
                en=f"several workspaces: {both}; go into one of them, or name it with "
                "--workspace DIR",
            )
        )
    raise EcoleError(
        say(
            lang,
            fr="aucun espace de travail ici ni dans votre dossier personnel : préparez-le avec "
            "`ecole learn --lang fr`, ou nommez le vôtre avec --workspace DOSSIER",
            en="no workspace here or in your home folder: prepare it with `ecole learn --lang en`, "
            "or name yours with --workspace DIR",
        )
    )


def home_workspace(lang: Lang) -> Path:
    """Where `ecole learn` puts the workspace of one language by default."""
    return (Path.home() / f"ecole-ia-sante-{lang}").resolve()


def is_workspace(root: Path) -> bool:
    """Was something delivered there?"""
    return os.path.lexists(root / MANIFEST)


def _opened(root: Path) -> Workspace:
    manifest = read_manifest(root)
    if manifest is None:
        raise EcoleError(
            say(
                terminal_language(),
                fr=f"{root / MANIFEST} est illisible : relancez `ecole learn {root}`, qui le "
                "refait sans toucher à votre travail",
                en=f"{root / MANIFEST} cannot be read: run `ecole learn {root}` again, which "
                "makes it anew without touching your work",
            )
        )
    return Workspace(root, manifest.lang)


def _refuse(root: Path) -> Workspace:
    raise EcoleError(
        say(
            terminal_language(),
            fr=f"{root} n'est pas un espace de travail : préparez-le avec `ecole learn {root}`",
            en=f"{root} is no workspace: prepare it with `ecole learn {root}`",
        )
    )


@contextmanager
def mendable(root: Path, lang: Lang) -> Iterator[None]:
    """Turn what the system refuses in a workspace into a sentence that says what to do.

    Raises:
        EcoleError: the disk is full, the folder cannot be written, a file stands in the way.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or root
        raise EcoleError(_sentence(error, str(where), lang)) from error


def _sentence(error: OSError, where: str, lang: Lang) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return say(
            lang,
            fr="le disque est plein : libérez de la place, puis relancez ; rien n'est à moitié "
            "écrit, votre travail est intact",
            en="the disk is full: free some space, then run this again; nothing is half written, "
            "your work is whole",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return say(
            lang,
            fr=f"impossible d'écrire dans {where} : vérifiez à qui est ce dossier (`ls -ld`), ou "
            "choisissez-en un autre avec `ecole learn DOSSIER`",
            en=f"cannot write in {where}: check whose folder it is (`ls -ld`), or choose another "
            "one with `ecole learn DIR`",
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return say(
            lang,
            fr=f"{where} n'est pas ce qu'il faut (un fichier à la place d'un dossier, ou "
            "l'inverse) : renommez-le, ou choisissez un autre dossier avec `ecole learn DOSSIER`",
            en=f"{where} is not what is needed (a file in the place of a folder, or the reverse): "
            "rename it, or choose another folder with `ecole learn DIR`",
        )
    return say(
        lang,
        fr=f"{where} : {error.strerror or error} ; corrigez cela, ou choisissez un autre dossier",
        en=f"{where}: {error.strerror or error}; mend that, or choose another folder",
    )
