"""Public sets that may be downloaded and never need to be: no lesson, test or mark asks for one."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from health_datasets.open_data.description import UnknownSetError, closest, read_yaml
from health_datasets.open_data.sources import MissingPackageError

TIMEOUT = 30  # seconds without an answer


class DownloadError(RuntimeError):
    """The download failed; nothing was left behind."""


class LicenceError(PermissionError):
    """The licence has not been accepted."""


class Download(BaseModel):
    """One file to download, with the checksum (MD5) that its publisher gives."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title_fr: str
    title_en: str
    url: str
    md5: str = Field(pattern=r"^[0-9a-f]{32}$")
    licence: str
    licence_url: str
    card: str


def downloadable() -> tuple[Download, ...]:
    """Return what may be downloaded."""
    content = read_yaml("downloads.yml")
    return tuple(Download(**content["shared"], **entry) for entry in content["files"])


def download(name: str, accept_licence: bool = False, folder: Path | None = None) -> Path:
    """Download a public set once and return where its file lies.

    Its licence and its size are shown first. `folder` is the user's cache when not given. A file
    that is already there and has the right checksum is not downloaded again.

    Raises:
        UnknownSetError: no download has that name; the message suggests the nearest.
        LicenceError: `accept_licence` is not True; nothing was downloaded.
        DownloadError: no network, an interrupted transfer, another checksum; nothing is left.
        MissingPackageError: pooch is not installed; the message gives the command.
    """
    known = {entry.name: entry for entry in downloadable()}
    if name not in known:
        raise UnknownSetError(f"no download is called {name!r}: {closest(name, tuple(known))}")
    return fetch(known[name], accept_licence, folder)


def fetch(entry: Download, accept_licence: bool = False, folder: Path | None = None) -> Path:
    """Do what `download` does, for a file described by the caller."""
    try:
        import pooch
    except ImportError as error:
        raise MissingPackageError(
            "downloads need the package pooch: pip install 'pooch>=1.8,<2'"
        ) from error
    folder = folder or Path(pooch.os_cache("ecole-ia-sante"))
    path = folder / Path(entry.url.partition("?")[0]).name
    if path.is_file() and pooch.hashes.hash_matches(path, f"md5:{entry.md5}"):
        return path
    print(f"{entry.title_fr} · {entry.title_en}\n  {entry.url}")
    print(f"  licence: {entry.licence} ({entry.licence_url})\n  size: {_announced_size(entry)}")
    if not accept_licence:
        raise LicenceError(
            f"{entry.name} is under {entry.licence}: read it at {entry.licence_url}, "
            "then call again with accept_licence=True; nothing was downloaded"
        )
    with _as_download_error(entry), _quiet(pooch.get_logger()):
        pooch.retrieve(
            entry.url,
            known_hash=f"md5:{entry.md5}",
            fname=path.name,
            path=folder,
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT),
        )
    return path


def _announced_size(entry: Download) -> str:
    """Return the size that the server announces, in megabytes."""
    import requests

    with _as_download_error(entry):
        answer = requests.head(entry.url, allow_redirects=True, timeout=TIMEOUT)
        answer.raise_for_status()
    length = answer.headers.get("Content-Length", "")
    return f"{int(length) / 1e6:.1f} MB" if length.isdigit() else "not announced"


@contextlib.contextmanager
def _as_download_error(entry: Download) -> Iterator[None]:
    """Turn what network, disk and checksum raise into one sentence."""
    try:
        yield
    except ValueError as error:  # pooch's word for another checksum
        raise DownloadError(
            f"{entry.url} does not have the published checksum (MD5 {entry.md5}): nothing was "
            "kept; the transfer was altered, or its publisher changed the file"
        ) from error
    except OSError as error:  # requests' exceptions are OSErrors
        raise DownloadError(
            f"{entry.url} could not be downloaded ({type(error).__name__}): nothing was kept; "
            "check the network and call again"
        ) from error


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Silence pooch, which announces what was already shown and a checksum that we know."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
