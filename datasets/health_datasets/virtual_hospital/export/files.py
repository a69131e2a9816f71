"""Write whole or not at all: files and folders appear under their name only when complete."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType


@contextmanager
def new_folder(folder: str | Path) -> Iterator[Path]:
    """Give a folder to write in, which becomes `folder` at the end; nothing is left if it fails.

    Raises:
        FileExistsError: `folder` is a file, or a folder that is not empty.
        FileNotFoundError: the folder that it should stand in does not exist.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileExistsError(
            f"{target} exists and is not empty: give a new folder, or delete this one first"
        )
    partial = _partial(target)
    try:
        yield partial
        if target.exists():
            target.rmdir()
        partial.chmod(0o755)
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


@contextmanager
def new_file(path: str | Path) -> Iterator[Path]:
    """Give a path to write at, whose file becomes `path` at the end; nothing is left if it fails.

    Raises:
        FileExistsError: `path` exists.
        FileNotFoundError: the folder that it should stand in does not exist.
    """
    target = Path(path)
    if target.exists():
        raise FileExistsError(f"{target} exists: give a new name, or delete it first")
    partial = _partial(target)
    try:
        yield partial / target.name
        (partial / target.name).rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _partial(target: Path) -> Path:
    """Make a folder beside the target: a rename across file systems would not be atomic."""
    parent = target.parent
    if not parent.is_dir():
        raise FileNotFoundError(f"{parent} is no folder: make it first")
    return Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=parent))


def optional(module: str, package: str) -> ModuleType:
    """Import an optional package, or say the one command that installs it.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{package} is not installed: pip install '{package}'", name=module
        ) from error
