"""A class in JupyterHub: from release to feedback.

plan            `hub.yml`: the courses, who teaches them, who takes them
accounts        the Unix accounts of a hub that root starts, their passwords
paths           where each thing lies in the hub's folder; layout: makes it ready
roles, settings what a server finds, by role: environment; JupyterLab's, nbgrader's files
configuration   JupyterHub's own configuration, made of the plan; kubernetes: who mounts what there
start           `ecole hub`: everything ready, then JupyterHub
exchange        nbgrader's exchange made safe; inboxes: what its parts share; folders: hostile
                folders copied whole or not at all; words: what it says
exchange_layout its folders, and what is wrong with them (`ecole doctor DIR`)
enrol           a plan's students into a course's gradebook
server, lessons extensions of the students' servers: clear refusals, the week's lessons
tied            a service that ends with its hub, even with one that is killed
"""
