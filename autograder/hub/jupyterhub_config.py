"""JupyterHub's configuration for `ecole hub`; the hub's folder is that of ECOLE_HUB."""

import os

from autograder.hub.configuration import configure

c = get_config()  # type: ignore[name-defined]  # noqa: F821
configure(c, os.environ["ECOLE_HUB"])
