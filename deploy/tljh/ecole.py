"""École IA Santé in The Littlest JupyterHub: copy into /opt/tljh/config/jupyterhub_config.d/.

The hub's folder is /srv/ecole; its hub.yml says `platform: tljh`. docs/hub.md has the commands.
"""

import os
from pathlib import Path

from autograder.hub.configuration import configure

c = get_config()  # type: ignore[name-defined]  # noqa: F821

# The Littlest JupyterHub lets everybody in where its own list of users is empty: hub.yml decides
c.FirstUseAuthenticator.allow_all = False

_PREFIX = Path(os.environ.get("TLJH_INSTALL_PREFIX", "/opt/tljh"))
configure(c, os.environ.get("ECOLE_HUB", "/srv/ecole"), python=_PREFIX / "user/bin/python")
