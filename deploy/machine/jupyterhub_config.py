"""École IA Santé on a school's own machine: copy to /etc/ecole/jupyterhub_config.py, mode 600.

`ecole hub /srv/ecole --no-start` prepares what hub.yml asks for; ecole-hub.service starts both.
"""

import os

from autograder.hub.configuration import configure
from autograder.hub.start import find_proxy

c = get_config()  # type: ignore[name-defined]  # noqa: F821
os.umask(0o077)
hub = configure(c, os.environ.get("ECOLE_HUB", "/srv/ecole"))
c.ConfigurableHTTPProxy.command = find_proxy(hub.own / "proxy", print)

# Address: here behind the school's own proxy (nginx, Apache…), which has the certificate.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
# Without one, JupyterHub takes the certificate itself:
# c.JupyterHub.bind_url = "https://:443"
# c.JupyterHub.ssl_cert = "/etc/ecole/hub.crt"
# c.JupyterHub.ssl_key = "/etc/ecole/hub.key"

# A domain for each person: no student's page acts with an instructor's rights (docs/hub.md).
# *.hub.example.org must be in the DNS and in the certificate.
# c.JupyterHub.subdomain_host = "https://hub.example.org"
# c.JupyterHub.cookie_host_prefix_enabled = True

# Sign-in by the school's own accounts. A name that it gives must be a name of hub.yml.
c.JupyterHub.authenticator_class = "generic-oauth"  # pip install oauthenticator
c.GenericOAuthenticator.client_id = "ecole"
c.GenericOAuthenticator.client_secret = "to be changed"
c.GenericOAuthenticator.oauth_callback_url = "https://hub.example.org/hub/oauth_callback"
c.GenericOAuthenticator.authorize_url = "https://sso.example.org/oauth2/authorize"
c.GenericOAuthenticator.token_url = "https://sso.example.org/oauth2/token"
c.GenericOAuthenticator.userdata_url = "https://sso.example.org/oauth2/userinfo"
c.GenericOAuthenticator.scope = ["openid", "profile"]
c.GenericOAuthenticator.username_claim = "preferred_username"

# Students keep working while JupyterHub is started again.
c.JupyterHub.cleanup_servers = False
