"""JupyterHub loads each of our configurations: the trial's, a school's two; who reaches what."""

import asyncio
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from traitlets import Dict
from traitlets.config import Config

from autograder.authoring.masters import REPOSITORY
from autograder.errors import EcoleError
from autograder.hub.configuration import configure
from autograder.hub.kubernetes import CLAIM, COURSE_PORT, mounts
from autograder.hub.paths import POD_COURSE, POD_PERSON, open_hub
from autograder.hub.plan import read_plan

pytest.importorskip("jupyterhub", reason="the extra `hub` is not installed (make test does)")
from jupyterhub import orm, roles, scopes
from jupyterhub.app import JupyterHub
from jupyterhub.spawner import LocalProcessSpawner

DEPLOY = REPOSITORY / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
TWO_COURSES = """
courses:
  ia-sante: {lang: fr, instructors: [claire], students: [etudiant1, etudiant2]}
  ai-health: {lang: en, instructors: [john, claire], students: [student1]}
"""
CALL = (
    "from autograder.hub.configuration import configure\nconfigure(c, {hub!r}, python={python!r})"
)
PYTHON = "/opt/course/bin/python"


class Pod(LocalProcessSpawner):
    """What our hook touches of KubeSpawner, which is not installed here."""

    volumes = Dict({"home": {"name": "home"}})
    volume_mounts = Dict({"home": {"name": "home", "mountPath": "/home/jovyan"}})


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A hub's folder with two courses, as far as JupyterHub itself reads it."""
    (tmp_path / "hub" / "hub").mkdir(parents=True)
    (tmp_path / "hub" / "hub.yml").write_text(TWO_COURSES)
    return tmp_path / "hub"


@pytest.fixture
def load(hub: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """JupyterHub's own application object with one of our configurations."""

    def load_configuration(platform: str, before: str = "", then: str = CALL) -> Config:
        platforms = "" if platform == "ecole" else f"platform: {platform}\n"
        (hub / "hub.yml").write_text(platforms + (hub / "hub.yml").read_text())
        return _application(hub, before, then).config

    monkeypatch.setattr("autograder.hub.paths.why_no_accounts", lambda: "not in this test")
    return load_configuration


def _application(hub: Path, before: str = "", then: str = CALL) -> JupyterHub:
    file = hub.parent / "jupyterhub_config.py"
    if then == CALL:
        then = CALL.format(hub=str(hub), python=PYTHON)
    file.write_text(f"c = get_config()\n{before}\n{then}\n")
    app = JupyterHub()
    app.load_config_file(str(file))
    return app


def _service(config: Config, name: str) -> dict[str, Any]:
    services = JupyterHub(config=config).services
    found: dict[str, Any] = next(each for each in services if each["name"] == name)
    return found


def _started(config: Config, name: str, kind: type[LocalProcessSpawner]) -> Any:
    """A person's server just before it starts."""
    spawner = kind(config=config)
    spawner.user = SimpleNamespace(name=name)
    config.Spawner.pre_spawn_hook(spawner)
    return spawner


# the trial


def test_the_trial_without_accounts_has_two_passwords_that_stay(
    hub: Path, load: Callable[..., Config]
) -> None:
    config = load("ecole")
    app = JupyterHub(config=config)
    authenticator = app.authenticator_class(config=config)
    student, instructor = authenticator.user_password, authenticator.admin_password
    assert len(student) >= 8 and len(instructor) >= 32
    assert authenticator.admin_users == {"claire", "john"}
    assert hub.joinpath("passwords.txt").stat().st_mode & 0o777 == 0o600
    again = _application(hub).config
    assert again.SharedPasswordAuthenticator.user_password == student
    assert _service(again, "ia-sante")["url"] == _service(config, "ia-sante")["url"]
    assert "user" not in _service(config, "ia-sante")


def test_a_server_of_the_trial_finds_the_settings_of_its_role(
    hub: Path, load: Callable[..., Config]
) -> None:
    config = load("ecole")
    student = _started(config, "student1", LocalProcessSpawner)
    assert student.environment["JUPYTER_CONFIG_PATH"] == f"{hub}/config/ai-health/student/student1"
    assert student.environment["ECOLE_LESSONS"] == f"{hub}/lessons/ai-health"
    assert student.environment["ECOLE_LANG"] == "en"
    assert student.environment["PATH"].startswith("/opt/course/bin:")
    assert student.notebook_dir == f"{hub}/homes/{{username}}"
    instructor = _started(config, "john", LocalProcessSpawner)
    assert instructor.environment["JUPYTER_CONFIG_PATH"] == f"{hub}/config/ai-health/instructor"
    assert "ECOLE_LESSONS" not in instructor.environment


# who may do what, by JupyterHub's own tables


def _run(what: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread: a browser test may have a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, what).result()


def _scopes_at_start(app: JupyterHub, database: Path, names: list[str]) -> dict[str, set[str]]:
    """What each may do once JupyterHub has read its configuration into its data base."""

    async def start() -> dict[str, set[str]]:
        app.db_url = f"sqlite:///{database}"
        app.init_db()
        app.init_hub()
        app.init_oauth()
        app.authenticator = app.authenticator_class(parent=app, _deprecated_db_session=app.db)
        await app.init_role_creation()
        await app.init_users()
        await app.init_groups()
        app.init_services()
        await app.init_role_assignment()
        found = {}
        for name in names:
            user = orm.User.find(app.db, name)
            roles.assign_default_roles(app.db, entity=user)
            found[name] = set(scopes.get_scopes_for(user))
        return found

    async def start_and_close() -> dict[str, set[str]]:
        try:
            return await start()
        finally:
            app.db.close()

    return _run(start_and_close())


def _courses_of(found: set[str]) -> set[str]:
    return {each.partition("!service=")[2] for each in found if each.startswith("access:services")}


@pytest.mark.parametrize("platform", ["tljh", "kubernetes"])
def test_only_the_instructors_of_a_course_reach_its_service(
    hub: Path, load: Callable[..., Config], platform: str
) -> None:
    tokens = [{"name": name, "api_token": name * 9} for name in ("ia-sante", "ai-health")]
    # the chart declares the services, The Littlest JupyterHub its culler
    before = f"c.JupyterHub.services = {tokens if platform == 'kubernetes' else []}\n"
    before += "c.JupyterHub.authenticator_class = 'dummy'\n"
    load(platform, before)
    database = hub.parent / "jupyterhub.sqlite"
    names = ["claire", "john", "etudiant1", "student1"]
    reached = {
        name: _courses_of(found)
        for name, found in _scopes_at_start(_application(hub, before), database, names).items()
    }
    assert reached == {
        "claire": {"ia-sante", "ai-health"},
        "john": {"ai-health"},
        "etudiant1": set(),
        "student1": set(),
    }
    # john changes course: what the data base knew of him is no longer true
    plan = hub / "hub.yml"
    plan.write_text(
        plan.read_text().replace("[claire]", "[john]").replace("[john, claire]", "[claire]")
    )
    later = _scopes_at_start(_application(hub, before), database, ["claire", "john"])
    assert {name: _courses_of(found) for name, found in later.items()} == {
        "claire": {"ai-health"},
        "john": {"ia-sante"},
    }


@pytest.mark.parametrize("platform", ["ecole", "tljh", "kubernetes"])
def test_nobody_comes_in_but_those_of_the_plan(load: Callable[..., Config], platform: str) -> None:
    tokens = [{"name": name, "api_token": name * 9} for name in ("ia-sante", "ai-health")]
    config = load(
        platform,
        f"c.JupyterHub.services = {tokens if platform == 'kubernetes' else []}\n"
        "c.Authenticator.blocked_users = {'banned'}",
    )
    from jupyterhub.auth import DummyAuthenticator

    authenticator = DummyAuthenticator(config=Config({"Authenticator": config.Authenticator}))
    # who came in an earlier year is still in JupyterHub's data base
    authenticator.add_user(SimpleNamespace(name="formerly"))

    def comes_in(name: str) -> bool:
        handler = SimpleNamespace(get_argument=lambda *_: "", request=None)
        found = _run(
            authenticator.get_authenticated_user(handler, {"username": name, "password": ""})
        )
        return found is not None

    assert comes_in("etudiant1") and comes_in("claire")
    # a person called as a course would get the course's account
    assert not any(map(comes_in, ("ia-sante", "formerly", "banned", "somebody")))


# a school's own machine


def test_a_machine_of_a_school_signs_in_its_own_way(
    hub: Path, load: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECOLE_HUB", str(hub))
    monkeypatch.setattr("autograder.hub.start.shutil.which", lambda name: f"/usr/bin/{name}")
    before = os.umask(0o022)
    try:
        text = (DEPLOY / "machine" / "jupyterhub_config.py").read_text()
        # the package of the school's sign-in is not installed here
        assert '"generic-oauth"' in text
        config = load("ecole", then=text.replace('"generic-oauth"', '"dummy"'))
        # what the hub itself writes is for it alone
        assert os.umask(0o022) == 0o077
    finally:
        os.umask(before)
    assert config.JupyterHub.authenticator_class == "dummy"
    assert config.Authenticator.allowed_users == set(open_hub(hub).plan.people)
    assert config.JupyterHub.cleanup_servers is False
    assert config.ConfigurableHTTPProxy.command == ["/usr/bin/configurable-http-proxy"]
    assert _service(config, "ia-sante")["cwd"] == f"{hub}/homes/ia-sante/ia-sante"
    unit = (DEPLOY / "machine" / "ecole-hub.service").read_text()
    assert "KillMode=process" in unit


# The Littlest JupyterHub

# what its own jupyterhub_config.py sets before it loads jupyterhub_config.d/*.py
OF_TLJH = """
c.JupyterHub.spawner_class = "localprocess"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.hub_port = 15001
c.JupyterHub.services = [{"name": "cull-idle", "admin": True, "command": ["cull"]}]
c.FirstUseAuthenticator.allow_all = True
c.Authenticator.allowed_users = set()
c.Authenticator.blocked_users = {"banned"}
c.Authenticator.admin_users = {"admin"}
c.Spawner.default_url = "/lab"
"""
DROP_IN = DEPLOY / "tljh" / "ecole.py"


@pytest.fixture
def tljh(hub: Path, load: Callable[..., Config], monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("ECOLE_HUB", str(hub))
    monkeypatch.setenv("TLJH_INSTALL_PREFIX", "/opt/tljh")
    return load("tljh", OF_TLJH, f"load_subconfig({str(DROP_IN)!r})")


def test_the_littlest_jupyterhub_keeps_what_is_its_own(tljh: Config) -> None:
    assert tljh.JupyterHub.spawner_class == "localprocess"
    assert tljh.JupyterHub.authenticator_class == "dummy"
    assert tljh.JupyterHub.hub_port == 15001
    assert "cookie_secret_file" not in tljh.JupyterHub and "db_url" not in tljh.JupyterHub
    assert "cmd" not in tljh.Spawner and "notebook_dir" not in tljh.Spawner
    assert _service(tljh, "cull-idle")["admin"]
    assert tljh.FirstUseAuthenticator.allow_all is False
    assert tljh.Authenticator.blocked_users == {"banned", "ia-sante", "ai-health"}


def test_the_littlest_jupyterhub_runs_a_course_as_its_account_with_the_users_python(
    hub: Path, tljh: Config
) -> None:
    for name in ("ia-sante", "ia-sante-grading"):
        service = _service(tljh, name)
        assert service["user"] == "jupyter-ia-sante"
        assert service["command"][0] == "/opt/tljh/user/bin/python"
        assert service["environment"]["PATH"].startswith("/opt/tljh/user/bin:")
        assert service["environment"]["JUPYTER_CONFIG_PATH"] == f"{hub}/config/ia-sante/course"
        assert service["cwd"] == f"{hub}/homes/ia-sante/ia-sante"


def test_the_littlest_jupyterhub_gives_each_person_their_role(hub: Path, tljh: Config) -> None:
    student = _started(tljh, "etudiant1", LocalProcessSpawner)
    assert student.environment["JUPYTER_CONFIG_PATH"] == f"{hub}/config/ia-sante/student/etudiant1"
    # an administrator of the machine is not in hub.yml: a plain server
    assert _started(tljh, "admin", LocalProcessSpawner).environment == {}


def test_accounts_of_the_littlest_jupyterhub_have_its_names(hub: Path) -> None:
    plan = hub / "hub.yml"
    plan.write_text("platform: tljh\n" + TWO_COURSES)
    assert read_plan(hub).account("etudiant1") == "jupyter-etudiant1"
    # a longer account's name would be shortened by it, and be another account
    plan.write_text("platform: tljh\n" + TWO_COURSES.replace("etudiant2", "e" * 18))
    with pytest.raises(EcoleError, match="17 characters at most"):
        read_plan(hub)


# Kubernetes


@pytest.fixture
def values() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((KUBERNETES / "values.yaml").read_text())
    return found


@pytest.fixture
def pods(hub: Path, load: Callable[..., Config], values: dict[str, Any]) -> Config:
    """The chart's services and the extraConfig of values.yaml, run as the chart runs it."""
    names = [*values["hub"]["services"], "ai-health"]
    services = [{"name": name, "api_token": name * 9} for name in names]
    roles = [{"name": "jupyterhub-idle-culler", "scopes": ["list:users"]}]
    code = values["hub"]["extraConfig"]["ecole"]
    mounted = values["hub"]["extraVolumeMounts"][0]["mountPath"]
    assert mounted in code
    return load(
        "kubernetes",
        f"c.JupyterHub.services = {services}\nc.JupyterHub.load_roles = {roles}\n"
        f"c.KubeSpawner.pod_security_context = {{'runAsNonRoot': True}}",
        f"exec({code.replace(mounted, str(hub))!r})",
    )


def test_a_students_pod_mounts_their_inbox_and_nothing_else_to_write(
    hub: Path, pods: Config
) -> None:
    pod = _started(pods, "etudiant1", Pod)
    found = {
        mount["subPath"]: mount["readOnly"]
        for mount in pod.volume_mounts.values()
        if mount["name"] == "ecole"
    }
    assert found == {
        "config/ia-sante/student/etudiant1": True,
        "lessons/ia-sante": True,
        "exchange/ia-sante/outbound": True,
        "exchange/ia-sante/feedback": True,
        "exchange/ia-sante/inbound/etudiant1": False,
    }
    assert all(
        mount["mountPath"] == str(hub / mount["subPath"])
        for mount in pod.volume_mounts.values()
        if mount["name"] == "ecole"
    )
    assert pod.volume_mounts["home"]["mountPath"] == "/home/jovyan"
    assert pod.volumes["ecole"]["persistentVolumeClaim"] == {"claimName": CLAIM}
    assert pod.environment["PATH"].startswith("/opt/conda/bin:")


def test_pods_of_two_people_share_nothing_that_either_can_write(hub: Path, pods: Config) -> None:
    plan = open_hub(hub).plan
    writable: dict[str, set[str]] = {
        name: {
            mount["subPath"]
            for mount in _started(pods, name, Pod).volume_mounts.values()
            if mount["name"] == "ecole" and not mount["readOnly"]
        }
        for name in plan.people
    }
    assert writable == {
        name: {f"exchange/{plan.students[name]}/inbound/{name}"} if name in plan.students else set()
        for name in plan.people
    }
    for name in plan.students:
        others = {mount["subPath"] for mount in mounts(open_hub(hub), name).values()}
        assert not any(plan.students[name] not in path for path in others)
    assert mounts(open_hub(hub), "somebody") == {}


def test_kubernetes_leaves_owners_alone_and_the_charts_roles_in_place(pods: Config) -> None:
    assert pods.KubeSpawner.pod_security_context == {
        "runAsNonRoot": True,
        "fsGroupChangePolicy": "OnRootMismatch",
    }
    assert pods.JupyterHub.load_roles[0]["name"] == "jupyterhub-idle-culler"
    service = _service(pods, "ia-sante")
    assert service["url"] == f"http://course-ia-sante:{COURSE_PORT}"
    assert service["oauth_no_confirm"] and service["api_token"]


def test_a_course_without_a_token_is_named(hub: Path) -> None:
    (hub / "hub.yml").write_text("platform: kubernetes\n" + TWO_COURSES)
    config = Config({"JupyterHub": {"services": [{"name": "ia-sante", "api_token": "t"}]}})
    with pytest.raises(EcoleError, match=r"hub\.services of values\.yaml: ai-health$"):
        configure(config, hub)


def _course(name: str) -> dict[str, Any]:
    """The manifests of a course by kind, written as docs/hub.md says for another course."""
    text = (KUBERNETES / "course.yaml").read_text().replace("ia-sante", name)
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


@pytest.mark.parametrize("name", ["ia-sante", "ai-health"])
def test_the_manifests_of_a_course_say_what_the_hub_says(name: str, hub: Path) -> None:
    found = _course(name)
    assert found["Service"]["metadata"]["name"] == f"course-{name}"
    assert found["Service"]["spec"]["ports"][0]["port"] == COURSE_PORT
    pod = found["Deployment"]["spec"]["template"]
    assert found["Service"]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    lab, grading = pod["spec"]["containers"]
    own = {each["name"]: each.get("value") for each in lab["env"]}
    assert own["JUPYTERHUB_SERVICE_PREFIX"] == f"/services/{name}/"
    assert own["JUPYTERHUB_SERVICE_URL"].endswith(f":{COURSE_PORT}")
    assert own["JUPYTERHUB_CLIENT_ID"] == f"service-{name}"
    assert own["JUPYTER_CONFIG_PATH"] == f"/srv/ecole/config/{name}/course"
    token = next(each for each in lab["env"] if each["name"] == "JUPYTERHUB_API_TOKEN")
    assert token["valueFrom"]["secretKeyRef"]["key"] == f"hub.services.{name}.apiToken"
    # submissions run beside no token of the hub
    assert not any(each["name"].startswith("JUPYTERHUB") for each in grading["env"])
    claims = {each.get("persistentVolumeClaim", {}).get("claimName") for each in _volumes(pod)}
    assert {CLAIM, f"course-{name}"} <= claims
    prepared = pod["spec"]["initContainers"][0]
    assert prepared["command"][1:] == ["-m", "autograder.hub.kubernetes", "/srv/ecole", name]


def _volumes(pod: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pod["spec"]["volumes"]
    return found


def test_pods_have_the_owners_that_the_exchange_gives(values: dict[str, Any]) -> None:
    assert (values["singleuser"]["uid"], values["singleuser"]["fsGid"]) == POD_PERSON
    pod = _course("ia-sante")["Deployment"]["spec"]["template"]["spec"]
    for container in pod["containers"]:
        context = container["securityContext"]
        assert (context["runAsUser"], context["runAsGroup"]) == POD_COURSE
        assert context["runAsNonRoot"] and not context["allowPrivilegeEscalation"]
    dockerfile = (KUBERNETES / "Dockerfile").read_text()
    for (uid, gid), name in ((POD_PERSON, "jovyan"), (POD_COURSE, "course")):
        assert re.search(rf"useradd --uid {uid} --gid {gid} .*{name}", dockerfile)
    volumes = yaml.safe_load((KUBERNETES / "volumes.yaml").read_text())
    assert volumes["metadata"]["name"] == CLAIM
    assert volumes["spec"]["accessModes"] == ["ReadWriteMany"]


def test_the_same_images_are_built_and_used(values: dict[str, Any]) -> None:
    built = set(re.findall(r" -t (\S+)", (KUBERNETES / "Dockerfile").read_text()))
    pod = _course("ia-sante")["Deployment"]["spec"]["template"]["spec"]
    used = {each["image"] for each in (*pod["initContainers"], *pod["containers"])}
    for part in ("hub", "singleuser"):
        used.add(f"{values[part]['image']['name']}:{values[part]['image']['tag']}")
    assert used == built


def test_the_example_plan_has_the_courses_of_the_values(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    (tmp_path / "hub.yml").write_bytes((KUBERNETES / "hub.yml").read_bytes())
    plan = read_plan(tmp_path)
    assert plan.platform == "kubernetes"
    assert list(plan.courses) == list(values["hub"]["services"])


def test_the_users_image_has_the_course_and_no_tool_of_its_authors(tmp_path: Path) -> None:
    dockerfile = (KUBERNETES / "Dockerfile").read_text()
    expressions = re.search(r"RUN sed (.*?) environment\.yml", dockerfile, re.DOTALL)
    assert expressions is not None
    command = "sed " + expressions[1].replace("\\\n", " ") + " environment.yml"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "JUPYTERHUB": "5.5.*"},
        capture_output=True,
        text=True,
        check=True,
    )
    kept = yaml.safe_load(done.stdout)["dependencies"]
    pip = next(each["pip"] for each in kept if isinstance(each, dict))
    names = {re.split(r"[<>=]", each)[0] for each in [*kept, *pip] if isinstance(each, str)}
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    conda = {"duckdb": "python-duckdb", "msgpack": "msgpack-python", "torch": "pytorch"}

    def listed(*groups: list[str]) -> set[str]:
        found = {Requirement(each).name for group in groups for each in group}
        return {conda.get(name, name).replace("_", "-").lower() for name in found}

    wanted = listed(project["dependencies"], extras["course"], extras["deep"], extras["hub"])
    names = {name.replace("_", "-").lower() for name in names}
    assert wanted <= names
    assert not names & (listed(extras["dev"], extras["site"], extras["cluster"]) - wanted)
    assert "jupyterhub=5.5.*" in kept


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT CHECKED HERE: needs root, to give owners")
def test_a_courses_pod_gives_the_shared_volume_its_owners(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder.hub import layout

    # the interpreter of a test may be closed to the course's uid
    monkeypatch.setattr(layout, "_cohort", lambda hub, course: None)
    (hub / "hub.yml").write_text(
        "platform: kubernetes\n" + TWO_COURSES.replace("{lang", "{weeks: 0, lang")
    )
    opened = open_hub(hub)
    before = os.umask(0o077)  # a hospital's root may have it
    try:
        layout.prepare_pod(opened, "ia-sante", lambda line: None)
    finally:
        os.umask(before)
    settings = opened.settings("ia-sante", "student", "etudiant1")
    for path in (*settings.rglob("*"), settings, *list(settings.parents)[:3]):
        assert path.stat().st_mode & 0o005 == (0o005 if path.is_dir() else 0o004), path
    inbox = hub / "exchange" / "ia-sante" / "inbound" / "etudiant1"
    work = inbox / "work.txt"
    work.write_text("mine")
    os.chown(work, *POD_PERSON)
    layout.prepare_pod(opened, "ia-sante", lambda line: None)

    def owner(path: Path) -> tuple[int, int, int]:
        status = path.stat()
        return status.st_uid, status.st_gid, status.st_mode & 0o7777

    exchange = hub / "exchange" / "ia-sante"
    # what `OnRootMismatch` looks at before it leaves a volume alone
    assert owner(hub)[1:] == (POD_PERSON[1], 0o2771)
    assert owner(exchange / "outbound") == (*POD_COURSE, 0o755)
    assert owner(exchange / "feedback") == (*POD_COURSE, 0o711)
    assert owner(inbox) == (POD_PERSON[0], POD_COURSE[1], 0o2770)
    assert owner(work)[:2] == POD_PERSON and work.read_text() == "mine"
    assert owner(opened.home("ia-sante")) == (*POD_COURSE, 0o700)
    assert not (hub / "exchange" / "ai-health").exists()
    with pytest.raises(EcoleError, match="no course w01"):
        layout.prepare_pod(opened, "w01", lambda line: None)


# JupyterHub's own environment has JupyterHub alone

_ALONE = """
import sys
refused = set(sys.argv[1].split(","))
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"no {name} beside JupyterHub", name=name)
sys.meta_path.insert(0, Refuse())
from traitlets import Dict
from traitlets.config import Config
from autograder.hub.configuration import configure
c = Config()
configure(c, sys.argv[2])
print(sorted(c.Authenticator.allowed_users))
"""


def _brought_by(name: str) -> set[str]:
    """A distribution and all that it requires here, by names in lower case."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        each = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if each in seen:
            continue
        seen.add(each)
        try:
            asked = map(Requirement, requires(each) or [])
        except PackageNotFoundError:
            continue
        todo += [one.name for one in asked if one.marker is None or one.marker.evaluate()]
    return seen


def test_the_configuration_needs_nothing_that_jupyterhub_does_not_bring(hub: Path) -> None:
    (hub / "hub.yml").write_text("platform: tljh\n" + TWO_COURSES)
    brought = _brought_by("jupyterhub")
    others = {
        module
        for module, names in packages_distributions().items()
        if not brought & {re.sub(r"[-_.]+", "-", name).lower() for name in names}
    }
    assert {"nbgrader", "nbformat", "pandas"} <= others
    done = subprocess.run(
        [sys.executable, "-c", _ALONE, ",".join(others - {"autograder"}), str(hub)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "etudiant1" in done.stdout


def test_the_commands_of_the_document_name_what_exists() -> None:
    text = (REPOSITORY / "docs" / "hub.md").read_text(encoding="utf-8")
    commands = "\n".join(re.findall(r"^```.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    named = set(re.findall(r"(?<![\w/.])((?:deploy|docs|tools|autograder)/[\w./-]+)", text))
    assert named and not [name for name in named if not (REPOSITORY / name).exists()]
    for file in (*KUBERNETES.glob("*.yaml"), DROP_IN, KUBERNETES / "Dockerfile"):
        assert file.relative_to(REPOSITORY).as_posix() in commands
    from typer.main import get_command

    from autograder.cli import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    asked = set(re.findall(r"(?:^|bin/|&& )ecole ([a-z]+)\b", commands, re.MULTILINE))
    assert asked and asked <= known
