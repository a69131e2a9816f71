"""JupyterLab's defaults for authors: a double click opens a master as a notebook; no news.

Jupyter reads `labconfig/` below each folder of JUPYTER_CONFIG_PATH; see `ecole author`.
"""
