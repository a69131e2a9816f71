"""The tables of BENCHMARKS.md, from the results file alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"

Results = dict[str, Any]
Round = dict[str, dict[str, float]]

_NAMES = {
    "stock": "stock `nbgrader autograde`",
    "jupyter": "`ecole grade --engine jupyter`",
    "examiner": "`ecole grade --engine examiner`",
    "examiner-large": "`ecole grade --engine examiner`",
    "limit": "the cells alone",
}
_COMPARED = (
    ("stock", "examiner"),
    ("stock", "examiner-large"),
    ("jupyter", "examiner"),
    ("stock", "jupyter"),
)
_REHEARSAL = "rehearsal of the reference"


@dataclass(frozen=True)
class Target:
    """What a batch must reach: a value of each round, its bound, where it holds."""

    title: str
    bound: str
    value: Callable[[Round], float]
    reached: Callable[[float], bool]
    only: str = ""


def check_page(page: Path) -> None:
    """Raise ValueError when `page` lacks a marker, before anything is measured for it."""
    _parts(page)


def write_tables(page: Path, results: Results) -> None:
    """Replace what stands between the two markers of `page` by the tables of these results."""
    before, after = _parts(page)
    text = f"{before}{BEGIN}\n\n{render(results)}\n{END}{after}"
    page.write_text(text, encoding="utf-8")


def _parts(page: Path) -> tuple[str, str]:
    """What stands before and after the tables."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page}: no {BEGIN} … {END}")
    return before, after


def render(results: Results) -> str:
    """All tables, as Markdown."""
    parts = [_heading(results), _targets(results), _seconds(results), _ratios(results)]
    parts += [_fixed_and_marginal(results), _fixed_stages(results), _marginal_stages(results)]
    parts += [_records(results), _memory(results)]
    return "\n".join(parts)


# what is derived from a round


def per_submission(round_: Round, variant: str, what: str) -> float:
    """`what` ("wall" or "cpu") seconds a submission."""
    return round_[variant][what] / round_[variant]["students"]


def marginal(round_: Round, what: str) -> float:
    """Seconds of one more submission: the slope from the small class to the large one."""
    small, large = round_["examiner"], round_["examiner-large"]
    return (large[what] - small[what]) / (large["students"] - small["students"])


def fixed(round_: Round, what: str) -> float:
    """Seconds of a batch without submissions, on that slope."""
    return round_["examiner"][what] - round_["examiner"]["students"] * marginal(round_, what)


def above_cells(round_: Round) -> float:
    """CPU seconds of one more submission beyond those of its cells alone."""
    return marginal(round_, "cpu") - per_submission(round_, "limit", "cpu")


def times_faster(round_: Round, slow: str, quick: str, what: str) -> float:
    """How many times more seconds a submission takes in `slow` than in `quick`."""
    return per_submission(round_, slow, what) / per_submission(round_, quick, what)


def wall_over_cells(round_: Round, variant: str, cores: int) -> float:
    """Wall seconds of a batch over the cells' own CPU seconds spread over the cores."""
    return per_submission(round_, variant, "wall") * cores / per_submission(round_, "limit", "cpu")


def further_worker(memory: dict[str, int]) -> list[float]:
    """Megabytes (10^6, proportional) that the second worker adds at the peak, if sampled."""
    return [(memory["examiner-2"] - memory["examiner-1"]) / 1e6] if memory else []


# tables


def _heading(results: Results) -> str:
    machine, sizes = results["machine"], results["students"]
    counted = (
        "a cgroup of each run"
        if results["cpu_from"] == "cgroup"
        else "the processes that were waited for (no cgroup v2 could be made here)"
    )
    return (
        f"Measured on {results['date']} by `{results['command']}` in "
        f"{results['seconds'] / 60:.0f} minutes: {machine['cores']} cores, {machine['arch']}, "
        f"Linux kernel {machine['kernel']}, Python {machine['python']}, "
        f"nbgrader {machine['nbgrader']}, papermill {machine['papermill']}. "
        f"Classes of {sizes['small']} and {sizes['large']}; CPU seconds from {counted}. "
        "Three numbers are minimum / median / maximum over the rounds.\n"
    )


def _aims(results: Results) -> list[Target]:
    small, large = results["students"]["small"], results["students"]["large"]
    cores = results["machine"]["cores"]
    return [
        Target(
            f"{small}: times faster than stock, wall",
            "≥ 10",
            lambda r: times_faster(r, "stock", "examiner", "wall"),
            lambda value: value >= 10,
            only="light",
        ),
        Target(
            f"{large}: times faster than stock, wall a submission",
            "≥ 20",
            lambda r: times_faster(r, "stock", "examiner-large", "wall"),
            lambda value: value >= 20,
            only="light",
        ),
        Target("fixed cost, CPU s", "≤ 5", lambda r: fixed(r, "cpu"), lambda value: value <= 5),
        Target(
            "marginal cost above the cells' own, CPU s a submission",
            "≤ 0.20",
            above_cells,
            lambda value: value <= 0.20,
        ),
        Target(
            f"{small}: wall over (the cells' own CPU / cores)",
            "≤ 1.25",
            lambda r: wall_over_cells(r, "examiner", cores),
            lambda value: value <= 1.25,
            only="heavy",
        ),
        Target(
            f"{large}: wall over (the cells' own CPU / cores)",
            "≤ 1.25",
            lambda r: wall_over_cells(r, "examiner-large", cores),
            lambda value: value <= 1.25,
            only="heavy",
        ),
    ]


def _targets(results: Results) -> str:
    lines = []
    for aim in _aims(results):
        cells = []
        for name, measured in _assignments(results):
            values = _over(measured, aim.value)
            aimed = aim.only in ("", name)
            cells.append(_verdict(values, aim.reached) if aimed else "—")
        where = f" ({aim.only})" if aim.only else ""
        lines.append([aim.title, f"{aim.bound}{where}", *cells])
    memory = [further_worker(each["memory"]) for _, each in _assignments(results)]
    verdicts = [_verdict(value, lambda megabytes: megabytes <= 150) for value in memory]
    lines.append(["memory of the second worker, MB", "≤ 150", *verdicts])
    note = "The median decides: ✓ reached, ✗ missed. The batch's record is not in it.\n"
    return _table("Targets", ["what", "target", *_names(results)], lines, note)


def _seconds(results: Results) -> str:
    lines = []
    for name, measured in _assignments(results):
        for variant, title in _NAMES.items():
            rounds = [each for each in measured["rounds"] if variant in each]
            if not rounds:
                continue
            seconds = [
                _range([per_submission(each, variant, what) for each in rounds], "{:.3f}")
                for what in ("wall", "cpu")
            ]
            students = f"{rounds[0][variant]['students']}"
            lines.append([name, title, students, str(len(rounds)), *seconds])
    heads = ["assignment", "variant", "class", "rounds", "wall s", "CPU s"]
    return _table("Seconds a submission, imports included", heads, lines)


def _ratios(results: Results) -> str:
    lines = []
    for slow, quick in _COMPARED:
        for what, unit in (("wall", "wall"), ("cpu", "CPU")):
            compare = partial(times_faster, slow=slow, quick=quick, what=what)
            cells = [_range(_over(each, compare), "{:.1f}") for _, each in _assignments(results)]
            lines.append([f"{_short(slow, results)} / {_short(quick, results)}", unit, *cells])
    heads = ["seconds a submission of", "", *_names(results)]
    return _table("Ratios within a round", heads, lines)


def _fixed_and_marginal(results: Results) -> str:
    rows: list[tuple[str, Callable[[Round], float]]] = [
        ("fixed, wall s a batch", lambda r: fixed(r, "wall")),
        ("fixed, CPU s a batch", lambda r: fixed(r, "cpu")),
        ("marginal, wall s a submission", lambda r: marginal(r, "wall")),
        ("marginal, CPU s a submission", lambda r: marginal(r, "cpu")),
        ("the cells alone, CPU s a submission", lambda r: per_submission(r, "limit", "cpu")),
        ("the cells alone, CPU s, median submission", lambda r: r["limit"]["median_cpu"]),
        ("marginal above the cells', CPU s", above_cells),
    ]
    lines = [
        [
            title,
            *(_range(_over(each, value_of), "{:.3f}") for _, each in _assignments(results)),
        ]
        for title, value_of in rows
    ]
    return _table("Fixed and marginal cost of the examiner", ["", *_names(results)], lines)


def _fixed_stages(results: Results) -> str:
    found = {name: _rehearsed(each["stages"]["fixed"]) for name, each in _assignments(results)}
    lines = [
        [label, *(_spent(stages.get(label), 1, 2) for stages in found.values())]
        for label in _labels(found.values())
    ]
    note = "Seconds a batch, wall (CPU); one run, one worker, nothing at the same time.\n"
    return _table("Fixed cost by stage", ["stage", *_names(results)], lines, note)


def _marginal_stages(results: Results) -> str:
    found = {
        name: {**each["stages"]["marginal"], "elsewhere": each["stages"]["elsewhere"]}
        for name, each in _assignments(results)
    }
    graded = [each["stages"]["students"] / 1000 for _, each in _assignments(results)]
    lines = [
        [
            label,
            *(
                _spent(stages.get(label), students, 1)
                for stages, students in zip(found.values(), graded, strict=True)
            ),
        ]
        for label in _labels(found.values())
    ]
    classes = ", ".join(f"{1000 * each:.0f}" for each in graded)
    note = (
        "Milliseconds a submission, wall (CPU), each stage without those inside it; the same run, "
        f"of {classes} submissions.\n"
    )
    return _table("Marginal cost by stage", ["stage", *_names(results)], lines, note)


def _records(results: Results) -> str:
    cells = [_spent(each["stages"]["record"], 1, 1) for _, each in _assignments(results)]
    heads = ["", *_names(results)]
    return _table("The record of the batch, timed apart", heads, [["seconds, wall (CPU)", *cells]])


def _memory(results: Results) -> str:
    titles = {
        "stock": "stock `nbgrader autograde`",
        "jupyter-2": "engine `jupyter`, two workers",
        "examiner-1": "engine `examiner`, one worker",
        "examiner-2": "engine `examiner`, two workers",
    }
    lines = [
        [title, *(_megabytes(each["memory"].get(key)) for _, each in _assignments(results))]
        for key, title in titles.items()
    ]
    heads = ["all processes together, MB", *_names(results)]
    return _table("Peak memory (proportional set size)", heads, lines)


# pieces


def _assignments(results: Results) -> list[tuple[str, dict[str, Any]]]:
    return list(results["assignments"].items())


def _names(results: Results) -> list[str]:
    return [name for name, _ in _assignments(results)]


def _short(variant: str, results: Results) -> str:
    if variant == "examiner-large":
        return f"examiner, {results['students']['large']}"
    return f"{variant}, {results['students']['small']}"


def _over(measured: dict[str, Any], value_of: Callable[[Round], float]) -> list[float]:
    """A value in each round that has what it takes."""
    values = []
    for round_ in measured["rounds"]:
        try:
            values.append(value_of(round_))
        except KeyError:  # a round without the slow variants
            continue
    return values


def _range(values: list[float], form: str) -> str:
    if len(values) > 1:
        values = [min(values), median(values), max(values)]
    return " / ".join(map(form.format, values)) or "—"


def _verdict(values: list[float], reached: Callable[[float], bool]) -> str:
    mark = (" ✓" if reached(median(values)) else " ✗") if values else ""
    return _range(values, "{:.2f}") + mark


def _rehearsed(stages: dict[str, dict[str, float | None]]) -> dict[str, dict[str, float | None]]:
    """The fixed stages, with those of the rehearsal's own submission in one."""
    whole = ("start, imports", "gradebook, assignment", "zygote (imports)", "end")
    parts = [seconds for label, seconds in stages.items() if label not in whole]
    kept = {label: stages[label] for label in whole[:-1] if label in stages}
    kept[_REHEARSAL] = {what: _sum(part[what] for part in parts) for what in ("wall", "cpu")}
    return {**kept, **{label: stages[label] for label in whole[-1:] if label in stages}}


def _sum(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _labels(stages: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(label for each in stages for label in each))


def _spent(seconds: dict[str, float | None] | None, unit: float, digits: int) -> str:
    """Wall seconds and, in brackets, CPU seconds, in `unit` seconds."""
    if seconds is None:
        return "—"
    wall, cpu = seconds["wall"] or 0.0, seconds["cpu"]
    return f"{wall / unit:.{digits}f} ({'—' if cpu is None else f'{cpu / unit:.{digits}f}'})"


def _megabytes(size: int | None) -> str:
    return "—" if size is None else f"{size / 1e6:.0f}"


def _table(title: str, heads: list[str], lines: list[list[str]], note: str = "") -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([f"### {title}\n", *([note] if note else []), f"{body}\n"])
