"""No attack gets what it wants from the examiner, in any sandbox mode, but for what is listed."""

import fcntl
import os
import pickle
from collections.abc import Callable

import pytest
from arena import EMPTY, How, hold
from assignment import ASSIGNMENT
from catalogue import ATTACKS, FAILS_ON_STOCK, Attack
from outcome import HONEST, Outcome
from papermill.engines import papermill_engines

# the mode `none` promises little: table.py measures it
MODES = ("namespaces", "landlock")

# what remains possible in the weaker modes, and why; SECURITY.md says it too
REMAINS: dict[str, dict[str, str]] = {
    "namespaces": {},
    "landlock": {"disk": "outside namespaces the total disk is not bounded"},
}

BY_NAME = {attack.name: attack for attack in ATTACKS}
Arena = Callable[[str], dict[str, Outcome]]


@pytest.fixture(scope="session")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    """Outcomes of one graded class a mode, shared by all the workers of a parallel run."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    held: dict[str, dict[str, Outcome]] = {}

    def outcomes(mode: str) -> dict[str, Outcome]:
        _require(mode)
        if mode not in held:
            path = folder / f"attacks-{mode}"
            with path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not path.stat().st_size:
                    how = How("examiner", mode, cell_seconds=5, submission_seconds=15)
                    path.write_bytes(pickle.dumps(hold(ATTACKS, how)))
            held[mode] = pickle.loads(path.read_bytes())
        return held[mode]

    return outcomes


def _require(mode: str) -> None:
    if "examiner" not in papermill_engines._engines:
        pytest.skip("there is no engine `examiner`")
    sandbox = pytest.importorskip("autograder.examiner.sandbox")
    told = dict(sandbox.describe())[f"mode {mode}"]
    if told != "yes":
        pytest.skip(f"mode {mode} on this machine: {told}")


@pytest.mark.parametrize("mode", MODES)
def test_the_honest_get_their_marks_among_attackers(arena: Arena, mode: str) -> None:
    world = next(iter(arena(mode).values())).world
    assert world.ended, world.error
    assert [world.honest[name] for name in HONEST] == [world.full, world.full]
    assert world.honest_pages
    assert world.victim_alive
    assert not world.changed


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("mode", MODES)
def test_an_attack_fails(arena: Arena, mode: str, name: str) -> None:
    attack, outcome = BY_NAME[name], arena(mode)[name]
    assert outcome.state, "the batch has no state for this submission"
    got_it = attack.success(outcome)
    if got_it and name in REMAINS[mode]:
        pytest.xfail(REMAINS[mode][name])
    assert not got_it, f"{attack.wants}\n{evidence(outcome)}"
    assert name not in REMAINS[mode], "no longer possible: take it off the list"


def evidence(outcome: Outcome) -> str:
    """What speaks for the attack's success, in a few lines."""
    marks = {cell: mark for cell, mark in outcome.marks.items() if mark > 0}
    return "\n".join(
        [
            f"state {outcome.state}, {outcome.seconds} s, marks {marks}",
            f"loot {outcome.loot()[:500]!r}",
            f"feedback {outcome.active_html()}, {outcome.notebook_bytes} bytes",
            f"messages {outcome.messages} notes {outcome.notes}",
            f"honest unhurt {outcome.world.honest_unhurt}, signals {outcome.world.signals}",
        ]
    )


@pytest.fixture(scope="module")
def unsealed() -> dict[str, Outcome]:
    """A few attacks on the engine that does not seal: the arena must see them succeed."""
    chosen = ("shadowed-helper", "frames", "tcp", "signal", "files-that-outlive")
    return hold([BY_NAME[name] for name in chosen], How("jupyter"))


def test_the_arena_sees_what_an_unsealed_engine_lets_through(
    unsealed: dict[str, Outcome],
) -> None:
    world = next(iter(unsealed.values())).world
    assert world.ended, world.error
    assert world.honest_unhurt, f"{ASSIGNMENT}: {world.honest}, {EMPTY} handed in nothing"
    assert [name for name in unsealed if not BY_NAME[name].success(unsealed[name])] == []


def test_the_catalogue_is_in_order() -> None:
    families = {attack.family for attack in ATTACKS}
    assert families == {"forging", "reading", "reaching out", "exhausting", "poisoning"}
    assert len(BY_NAME) == len(ATTACKS) >= 45
    assert all(isinstance(attack, Attack) and attack.wants for attack in ATTACKS)
    assert all(name in BY_NAME for names in (FAILS_ON_STOCK, *REMAINS.values()) for name in names)
