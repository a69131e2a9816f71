"""`python tests/attacks/table.py [--modes namespaces landlock none] [--jupyter] [--stock]`.

Runs every attack each way and prints, as Markdown, how many got what they wanted, and which.

A mode that whoever runs this cannot enter keeps an empty column. Root cannot enter the mode
`none` with an interpreter that only root can reach: run it as an ordinary user, with one that
all can reach, `setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp python
tests/attacks/table.py --modes none`.
"""

import argparse
import signal
import sys
from collections.abc import Sequence

from arena import How, hold
from catalogue import ATTACKS, Attack
from outcome import Outcome

from autograder.examiner import sandbox

Results = dict[str, dict[str, Outcome]]
NOT_ENTERED = "not entered here"


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modes", nargs="*", default=["namespaces", "landlock", "none"])
    parser.add_argument("--jupyter", action="store_true", help="the engine jupyter, unsealed")
    parser.add_argument("--stock", action="store_true", help="stock nbgrader, minutes")
    parser.add_argument("--only", nargs="*", default=[], help="names or families of attacks")
    options = parser.parse_args()
    # the arena sweeps up when it ends, also by `kill` and `timeout`
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    ways = [How("examiner", mode) for mode in options.modes]
    ways += [How("jupyter")] * options.jupyter + [How("stock")] * options.stock
    wanted = set(options.only)
    attacks = [each for each in ATTACKS if not wanted or {each.name, each.family} & wanted]
    results: Results = {}
    for way in ways:
        problem = sandbox.why_not(sandbox.Mode(way.mode)) if way.mode else ""
        if problem:
            print(f"{way.label}: {NOT_ENTERED}: {problem}", file=sys.stderr)
        results[way.label] = {} if problem else hold(attacks, way, _progress)
    print(by_family(attacks, results), by_attack(attacks, results), around(results), sep="\n")


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def by_family(attacks: Sequence[Attack], results: Results) -> str:
    """Successes by family: one row a family, one column a way of grading."""
    lines = _head(["family", "attacks", *results])
    families = list(dict.fromkeys(attack.family for attack in attacks))
    for family in [*families, "all"]:
        members = [attack for attack in attacks if family in (attack.family, "all")]
        counts = [_count(members, outcomes) for outcomes in results.values()]
        lines.append(_row([family, str(len(members)), *counts]))
    return "\n".join(lines) + "\n"


def by_attack(attacks: Sequence[Attack], results: Results) -> str:
    """What each attack wants, and where it got it."""
    lines = _head(["attack", "wants", *results])
    for attack in attacks:
        cells = [_cell(attack, outcomes) for outcomes in results.values()]
        lines.append(_row([f"`{attack.name}`", attack.wants, *cells]))
    return "\n".join(lines) + "\n"


def around(results: Results) -> str:
    """Did the gradings end, and with the marks that the honest earned?"""
    lines = []
    for label, outcomes in results.items():
        if not outcomes:
            lines.append(f"- {label}: {NOT_ENTERED}.")
            continue
        world = next(iter(outcomes.values())).world
        ended = "ended" if world.ended else f"did not end properly ({world.error[-200:]})"
        honest = "full marks" if world.honest_unhurt else f"HURT: {world.honest}"
        lines.append(f"- {label}: grading {ended}; honest students: {honest}.")
    return "\n".join(lines)


def _head(titles: list[str]) -> list[str]:
    return [_row(titles), _row(["---"] * len(titles))]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(attack: Attack, outcomes: dict[str, Outcome]) -> str:
    if attack.name not in outcomes:
        return "not run" if outcomes else NOT_ENTERED
    return "**succeeds**" if attack.success(outcomes[attack.name]) else "fails"


def _count(attacks: Sequence[Attack], outcomes: dict[str, Outcome]) -> str:
    if not outcomes:
        return NOT_ENTERED
    ran = [attack for attack in attacks if attack.name in outcomes]
    won = sum(attack.success(outcomes[attack.name]) for attack in ran)
    return str(won) if len(ran) == len(attacks) else f"{won} of {len(ran)}"


if __name__ == "__main__":
    main()
