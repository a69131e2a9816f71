"""A class in JupyterHub: from release to feedback.

plan            `hub.yml`: the courses, who teaches them, who takes them
accounts        the Unix accounts of a hub that root starts, their passwords
layout          the hub's folder: courses, homes, exchange, each role's Jupyter settings
settings        what JupyterLab, nbgrader and the server find, by role
configuration   JupyterHub's own configuration, made of the plan (`jupyterhub_config.py`)
start           `ecole hub`: everything ready, then JupyterHub
exchange        nbgrader's exchange made safe; inboxes: what its parts share; folders: hostile
                folders copied whole or not at all; words: what it says
exchange_layout its folders, and what is wrong with them (`ecole doctor DIR`)
server, lessons extensions of the students' servers: clear refusals, the week's lessons
tied            a service that ends with its hub, even with one that is killed
"""
