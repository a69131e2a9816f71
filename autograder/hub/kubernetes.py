"""The courses in Zero to JupyterHub on Kubernetes: who mounts what, and where a course lives.

Each course has a pod of its own (deploy/kubernetes/course.yaml) with two containers, the shared
JupyterLab of its instructors and the grading service. A student's pod mounts their own inbox and
nothing of anybody else's: all have the same uid, the mounts keep them apart.

`python -m autograder.hub.kubernetes DIR COURSE` prepares a course in its pod.
"""

import sys
from typing import Any

from autograder.errors import EcoleError
from autograder.hub.paths import Hub, open_hub

CLAIM = "ecole"
"""The claim to the volume that all pods share (deploy/kubernetes/volumes.yaml)."""
COURSE_PORT = 8888

_VOLUME = "ecole"


def configure_pods(c: Any, hub: Hub) -> None:
    """Give each person's pod its settings and mounts, each course its service.

    Raises:
        EcoleError: a course of `hub.yml` has no entry, hence no token, in the chart's
            `hub.services`.
    """
    services = {service["name"]: service for service in c.JupyterHub.get("services", [])}
    missing = [name for name in hub.plan.courses if name not in services]
    if missing:
        raise EcoleError(f"add to hub.services of values.yaml: {', '.join(missing)}")
    for name in hub.plan.courses:
        services[name].setdefault("url", f"http://course-{name}:{COURSE_PORT}")
        services[name].setdefault("oauth_no_confirm", True)

    shared = {"name": _VOLUME, "persistentVolumeClaim": {"claimName": CLAIM}}

    def give_mounts(spawner: Any) -> None:
        name = spawner.user.name
        spawner.environment = {**spawner.environment, **hub.environment_of(name)}
        spawner.volumes = {**spawner.volumes, _VOLUME: shared}
        spawner.volume_mounts = {**spawner.volume_mounts, **mounts(hub, name)}

    c.Spawner.pre_spawn_hook = give_mounts
    # else Kubernetes hands every inbox to the students' group each time a pod starts
    context = c.KubeSpawner.get("pod_security_context", {})
    c.KubeSpawner.pod_security_context = {**context, "fsGroupChangePolicy": "OnRootMismatch"}


def mounts(hub: Hub, name: str) -> dict[str, dict[str, Any]]:
    """What a person's pod mounts of the shared volume; nothing for who is not in `hub.yml`.

    Returns:
        Kubernetes' volumeMounts, by a name of their own.
    """
    seat, settings = hub.seat(name), hub.settings_of(name)
    if seat is None or settings is None:
        return {}
    course, role = seat
    places = {"config": (settings, True)}
    if role == "student":
        exchange = hub.exchange / course
        places |= {
            "lessons": (hub.lessons(course), True),
            "outbound": (exchange / "outbound", True),
            "feedback": (exchange / "feedback", True),
            "inbox": (exchange / "inbound" / name, False),
        }
    return {
        f"ecole-{key}": {
            "name": _VOLUME,
            "mountPath": str(path),
            "subPath": path.relative_to(hub.root).as_posix(),
            "readOnly": read_only,
        }
        for key, (path, read_only) in places.items()
    }


def main() -> None:
    """Prepare a course in its pod; the arguments are the hub's folder and the course."""
    from autograder.hub.layout import prepare_pod  # not in JupyterHub's own pod

    directory, course = sys.argv[1:]
    try:
        prepare_pod(open_hub(directory), course, print)
    except EcoleError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
