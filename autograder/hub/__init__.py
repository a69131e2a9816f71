"""A class in JupyterHub: nbgrader's exchange with one inbox a student, and what surrounds it."""
