"""The regular files of a working directory, as they change."""

import os
from pathlib import Path


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Time of change (ns) and size (bytes) of each regular file, by relative path.

    Hidden folders and links are not followed.
    """
    found = {}
    for directory, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = os.path.join(directory, name)
            status = os.lstat(path)
            if not os.path.islink(path) and os.path.isfile(path):
                found[os.path.relpath(path, folder)] = (status.st_mtime_ns, status.st_size)
    return found
