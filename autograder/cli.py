"""The command `ecole`: each sub-command is a function of the package, shown on a terminal."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

# jsonschema compiles a grammar of web addresses when it finds this: a second for each command
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from autograder import __version__
from autograder.errors import EcoleError
from autograder.grading.results import EXECUTED, Batch, State, SubmissionResult

if TYPE_CHECKING:
    from autograder.authoring.mutation import MutationReport
    from autograder.learning import Delivery, Trial

app = typer.Typer(
    help="École IA Santé: build the course, release assignments, grade a class.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
new = typer.Typer(help="Write the skeleton of what is to come.", no_args_is_help=True)
app.add_typer(new, name="new")
console = Console()

_COLOURS: dict[State, str] = {
    "graded": "green",
    "altered": "yellow",
    "partial": "yellow",
    "timeout": "red",
    "killed": "red",
    "unreadable": "red",
    "missing": "dim",
}


class Language(StrEnum):
    """Languages of the course."""

    fr = "fr"
    en = "en"


class Engine(StrEnum):
    """Engines that leave an execution record of each cell."""

    examiner = "examiner"
    jupyter = "jupyter"


Lang = Annotated[Language, typer.Option(help="Language of the notebooks.")]
CourseDir = Annotated[
    Path, typer.Option("--course", help="An nbgrader course directory.", show_default="here")
]
Assignment = Annotated[str, typer.Argument(help="Name of the assignment.", show_default=False)]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Submissions at once (default: processors).")
]


@app.command()
def build(
    lang: Lang = Language.fr,
    output: Annotated[Path, typer.Option(help="Folder for the notebooks.")] = Path("build"),
) -> None:
    """Build the lessons as notebooks of one language."""
    from autograder.authoring.lessons import build_lessons

    written = build_lessons(output / lang, lang.value)
    console.print(f"{len(written)} lesson(s) in {output / lang}")


@app.command()
def cohort(
    directory: Annotated[Path, typer.Argument(help="Course directory to make or refresh.")],
    lang: Lang = Language.fr,
) -> None:
    """Make an nbgrader course directory with the assignments of one language."""
    from autograder.authoring.cohort import cohort as make_cohort

    root = make_cohort(directory, lang.value)
    names = sorted(path.name for path in (root / "source").iterdir())
    console.print(f"{root} is ready ({lang}): {', '.join(names)}")
    console.print(f"next: cd {directory} && ecole release {names[0]}", highlight=False)


@app.command()
def release(assignment: Assignment, course: CourseDir = Path(".")) -> None:
    """Make the students' version of an assignment (no solutions, no hidden tests)."""
    from autograder.grading import open_course
    from autograder.grading import release as make_release

    folder = make_release(open_course(course), assignment)
    console.print(f"{folder} is ready to hand out", highlight=False)
    console.print(
        f"with an nbgrader exchange: nbgrader release_assignment {assignment}", highlight=False
    )


@app.command()
def grade(
    assignments: Annotated[
        list[str] | None, typer.Argument(help="Their names (with --watch, all by default).")
    ] = None,
    course: CourseDir = Path("."),
    workers: Workers = None,
    engine: Annotated[
        Engine | None,
        typer.Option(
            help="What executes (default: the sealed examiner on Linux).", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Grade unchanged ones again.")] = False,
    student: Annotated[list[str] | None, typer.Option(help="Only this student (repeat).")] = None,
    record: Annotated[bool, typer.Option(help="Write the record of the batch.")] = True,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Collect and grade as submissions arrive, until stopped; no record."
        ),
    ] = False,
) -> None:
    """Grade every submission of an assignment and write the record of the batch."""
    if watch:
        if force or student:
            raise EcoleError(
                "--watch grades what arrives: leave --force and --student to another "
                "`ecole grade`, which may run at the same time"
            )
        _watch(course, assignments, engine.value if engine else None, workers)
        return
    if not assignments:
        raise EcoleError("say which assignment: `ecole grade ASSIGNMENT` (or --watch)")
    for assignment in assignments:
        _grade(assignment, course, workers, engine, force, student, record)


def _watch(
    course: Path, assignments: list[str] | None, engine: str | None, workers: int | None
) -> None:
    import signal

    from autograder.grading.watch import Watch

    watch = Watch(
        course,
        assignments,
        engine=engine,
        workers=workers,
        on_result=lambda assignment, result: tell(f"{assignment} · {result.line(lang)}"),
        on_remark=tell,
    )
    lang = watch.course.cohort.lang

    def stop(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # once more ends it at once: nothing is lost
        watch.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    which = ", ".join(assignments or [words(lang, fr="ce qui est publié", en="what is released")])
    tell(
        words(
            lang,
            fr=f"à l'affût des rendus de {watch.course.name} : {which} (Ctrl-C pour arrêter)",
            en=f"watching the submissions of {watch.course.name}: {which} (Ctrl-C to stop)",
        )
    )
    watch.run()
    tell(
        words(
            lang,
            fr="arrêt ; ce qui restait sera noté la prochaine fois",
            en="stopped; what was left will be graded next time",
        )
    )


def _grade(
    assignment: str,
    course: Path,
    workers: int | None,
    engine: Engine | None,
    force: bool,
    student: list[str] | None,
    record: bool,
) -> None:
    from autograder.grading import grade as grade_batch
    from autograder.grading import open_course

    opened = open_course(course)
    with progress(f"grading {assignment}") as on_result:
        batch = grade_batch(
            opened,
            assignment,
            engine=engine.value if engine else None,
            workers=workers,
            students=student or (),
            force=force,
            on_result=on_result,
        )
    show(batch)
    if record:
        from autograder.reporting import write_record

        with console.status("writing the record"):
            written = write_record(batch, opened.root / "batches")
        console.print(f"record: {written.html}", highlight=False, soft_wrap=True)
    console.print(f"next: ecole feedback {assignment}", highlight=False)


@app.command()
def feedback(assignment: Assignment, course: CourseDir = Path(".")) -> None:
    """Write the students' feedback pages, in the cohort's language, for what has been graded."""
    from autograder.grading import feedback as make_feedback

    pages = make_feedback(course, assignment)
    console.print(f"{len(pages)} page(s), the first one: {pages[0]}", highlight=False)


@app.command()
def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Masters, folders, specimens, or names of assignments (default: all)."),
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="Only read: execute nothing.")] = False,
    workers: Workers = None,
    cache: Annotated[bool, typer.Option(help="Skip what was checked and is unchanged.")] = True,
    rules: Annotated[bool, typer.Option("--rules", help="List what is checked, and stop.")] = False,
) -> None:
    """Check masters: their text, that lessons run, that specimens get the marks they state."""
    from autograder.authoring.checks import run

    if rules:
        _show_rules()
        return
    scope = run.scope_of(paths or ())
    findings = run.check_text(scope, use_cache=cache)
    if not text:
        from autograder.authoring.checks.executed import check_executed

        with steps() as on_progress:
            findings += check_executed(
                scope, workers=workers, use_cache=cache, on_progress=on_progress
            )
    for finding in findings:
        console.print(f"[red]✗[/] {escape(str(finding))}", soft_wrap=True, highlight=False)
    if findings:
        files = len({finding.path for finding in findings})
        console.print(f"{len(findings)} finding(s) in {files} file(s)")
        raise typer.Exit(1)
    done = "read" if text else "read and executed"
    console.print(f"[green]✓[/] {len(scope.masters)} master(s) {done}: nothing to mend")


def _show_rules() -> None:
    from autograder.authoring.checks.executed import rules

    table = Table(show_header=False, box=None)
    for name, what in rules().items():
        table.add_row(f"[bold]{name}[/]", escape(what))
    console.print(table)


@app.command()
def mutate(
    names: Annotated[list[str] | None, typer.Argument(help="Assignments (default: all).")] = None,
    workers: Workers = None,
    cache: Annotated[bool, typer.Option(help="Skip what was graded and is unchanged.")] = True,
) -> None:
    """Put small faults into the reference solution and list those that no test sees."""
    from autograder.authoring import masters
    from autograder.authoring.mutation import mutate_assignment

    chosen = [masters.assignment(name) for name in names] if names else masters.assignments()
    sufficient = True
    for master in chosen:
        with progress(f"mutating {master.name}") as on_result:
            report = mutate_assignment(
                master, workers=workers, use_cache=cache, on_result=on_result
            )
        show_mutation(report)
        sufficient = sufficient and report.sufficient
    if not sufficient:
        raise typer.Exit(1)


@new.command("module")
def new_module(
    week: Annotated[str, typer.Argument(help="Its week, for instance w05.", show_default=False)],
) -> None:
    """Write what a module of the syllabus still lacks; nothing that exists is touched."""
    from autograder.authoring.skeleton import new_module as write_module

    skeleton = write_module(week)
    for name in skeleton.kept:
        console.print(f"  exists, kept: {escape(name)}", highlight=False, soft_wrap=True)
    for name in skeleton.written:
        console.print(f"  written: {escape(name)}", highlight=False, soft_wrap=True)
    if not skeleton.written:
        console.print("nothing to add")
        return
    console.print("next: ecole author, then ecole check, which lists what is still to be written")
    console.print("and, for the syllabus's picture: python tools/draw_syllabus.py")


@app.command()
def author() -> None:
    """Open the masters in JupyterLab, as notebooks, with nbgrader's Create Assignment."""
    from autograder.authoring import labconfig
    from autograder.authoring.masters import REPOSITORY
    from autograder.learning.lab import replace_with_lab

    replace_with_lab(REPOSITORY, Path(labconfig.__file__).parents[1])


@app.command()
def demo(
    directory: Annotated[
        Path | None, typer.Argument(help="Empty folder to use (default: a temporary one).")
    ] = None,
    lang: Lang = Language.fr,
    workers: Workers = None,
) -> None:
    """Grade a made-up class of 24, from release to feedback and record."""
    from autograder.demo import run_demo

    with progress("grading") as on_result:
        result = run_demo(directory, lang.value, workers=workers, on_result=on_result)
    show(result.batch)
    console.print(f"course directory  {result.course}", highlight=False, soft_wrap=True)
    console.print(f"feedback          {result.feedback}", highlight=False, soft_wrap=True)
    console.print(f"record            {result.record.html}", highlight=False, soft_wrap=True)


@app.command()
def learn(
    directory: Annotated[
        Path | None, typer.Argument(help="Your workspace (default: ~/ecole-ia-sante-fr or -en).")
    ] = None,
    lang: Lang = Language.fr,
    lab: Annotated[bool, typer.Option(help="Open JupyterLab on it.")] = True,
) -> None:
    """Prepare your notebooks outside the repository and open JupyterLab on them."""
    from autograder.learning import Workspace, prepare_workspace, write_welcome
    from autograder.learning.welcome import welcome_name

    root = (directory or Path.home() / f"ecole-ia-sante-{lang}").expanduser().resolve()
    with console.status(words(lang, fr="préparation des notebooks", en="preparing notebooks")):
        delivery = prepare_workspace(root, lang.value)
        workspace = Workspace(root, lang.value)
        remarks = write_welcome(workspace)
    show_delivery(delivery)
    for remark in remarks:
        tell(remark)
    if lab:
        from autograder.learning.lab import open_lab

        raise typer.Exit(open_lab(workspace, welcome_name(workspace), tell))


@app.command("try")
def try_(
    assignment: Annotated[
        str,
        typer.Argument(help="Its name, its week (w02) or its notebook.", show_default=False),
    ],
    workspace: Annotated[
        Path | None,
        typer.Option(help="Your workspace (default: the one you stand in, or the one at home)."),
    ] = None,
    engine: Annotated[
        Engine | None,
        typer.Option(
            help="What executes (default: the sealed examiner on Linux).", show_default=False
        ),
    ] = None,
    show_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Show the feedback page in the browser.")
    ] = True,
) -> None:
    """Grade your own notebook with the hidden tests, as a class is graded."""
    from autograder.learning import try_assignment
    from autograder.learning.browser import open_page

    with console.status("…"):
        trial = try_assignment(assignment, workspace, engine=engine.value if engine else None)
    show_trial(trial)
    if trial.page and show_page:
        open_page(trial.page)


@app.command()
def syllabus(
    lang: Annotated[Language, typer.Option(help="Language to print.")] = Language.fr,
    month: Annotated[
        int | None, typer.Option(min=1, max=7, help="This month only (default: all).")
    ] = None,
) -> None:
    """Print the seven months: weeks, lessons, assignments, and what is ready."""
    from autograder.authoring.syllabus import read_syllabus
    from autograder.authoring.syllabus_tree import syllabus_tree

    console.print(syllabus_tree(read_syllabus(), lang.value, month=month), highlight=False)


@app.command()
def site(
    output: Annotated[
        Path, typer.Option(help="Folder for the site; one built before is replaced.")
    ] = Path("build/site"),
    workers: Workers = None,
) -> None:
    """Build the site in both languages: lessons executed, syllabus, data cards, glossary."""
    from autograder.site import build_site

    with steps() as on_progress:
        built = build_site(output, workers=workers, on_progress=on_progress)
    console.print(
        f"{built.pages} pages in {built.seconds:.0f} s, {built.executed} lesson(s) executed",
        highlight=False,
    )
    console.print(f"open {built.output / 'index.html'}", highlight=False, soft_wrap=True)


@app.command()
def hub(
    directory: Annotated[
        Path | None,
        typer.Argument(help="The hub's folder (default: /srv/ecole for root, else ~/ecole-hub)."),
    ] = None,
    lang: Lang = Language.fr,
    address: Annotated[
        str, typer.Option(help="Where browsers reach it.")
    ] = "http://127.0.0.1:8000",
    start: Annotated[bool, typer.Option(help="Start it once it is ready.")] = True,
) -> None:
    """Start JupyterHub for a class: accounts, courses, exchange and proxy are made ready."""
    from autograder.hub.start import find_proxy, prepare_hub, replace_with_hub, summary

    root = directory or (Path("/srv/ecole") if os.geteuid() == 0 else Path.home() / "ecole-hub")
    found = prepare_hub(root, lang.value, tell)
    start = start and found.plan.platform == "ecole"
    proxy = find_proxy(found.own / "proxy", tell) if start else []
    for line in summary(found, address):
        tell(line)
    if start:
        replace_with_hub(found, address, proxy)


@app.command()
def doctor(
    directory: Annotated[
        Path | None, typer.Argument(help="A hub's folder: look at its exchange too.")
    ] = None,
) -> None:
    """Print what this machine can do to confine students' code; what a hub's exchange lacks."""
    from autograder.examiner.sandbox import best_mode, describe

    table = Table(show_header=False, box=None)
    for what, found in describe():
        table.add_row(escape(what), escape(found))
    console.print(table)
    console.print(f"submissions are confined by: [bold]{best_mode()}[/]")
    if directory is None:
        return
    from autograder.hub.layout import faults
    from autograder.hub.paths import open_hub

    remarks = faults(open_hub(directory))
    for remark in remarks:
        tell(f"- {remark}")
    if remarks:
        raise typer.Exit(1)
    tell(f"exchange of {directory}: in order")


@app.callback(invoke_without_command=True)
def version(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Options of the command as a whole."""
    if show_version:
        console.print(__version__, highlight=False)
        raise typer.Exit()


@contextmanager
def steps() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each thing named, and the function to call as each advances."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def on_progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total or None)
            bar.update(tasks[what], completed=done, total=total or None)

        yield on_progress


@contextmanager
def progress(title: str) -> Iterator[Callable[[SubmissionResult, int, int], None]]:
    """A progress bar, and the function that a batch calls after each submission."""
    with steps() as on_progress:
        on_progress(title, 0, 0)
        yield lambda result, done, total: on_progress(title, done, total)


def show(batch: Batch) -> None:
    """Print the table of a batch: student, mark, state, seconds, remarks."""
    table = Table(title=f"{batch.assignment} · {batch.course}", title_justify="left")
    for heading, justify in (("student", "left"), ("mark", "right"), ("state", "left")):
        table.add_column(heading, justify=justify, no_wrap=heading != "student")  # type: ignore[arg-type]
    table.add_column("seconds", justify="right")
    table.add_column("remarks", overflow="fold")
    for result in batch.submissions:
        mark = "—" if result.score is None else f"{result.score:g}/{result.max_score:g}"
        colour = _COLOURS[result.state]
        remarks = "; ".join(note.text(batch.lang) for note in result.notes)
        seconds = "unchanged" if result.unchanged else f"{result.seconds:.1f}"
        table.add_row(
            escape(result.student), mark, f"[{colour}]{result.state}[/]", seconds, escape(remarks)
        )
    console.print(table)
    console.print(f"{len(batch.submissions)} submissions in {batch.seconds:.1f} s")
    _show_sealing(batch)


def show_delivery(delivery: "Delivery") -> None:
    """Print what a learner's workspace received, and what to do with newer versions."""
    lang = delivery.lang
    tell(words(lang, fr=f"Votre dossier : {delivery.root}", en=f"Your folder: {delivery.root}"))
    for name in delivery.written:
        tell(words(lang, fr=f"  reçu : {name}", en=f"  received: {name}"))
    if not delivery.written and not delivery.beside:
        tell(words(lang, fr="  rien de nouveau", en="  nothing new"))
    if delivery.kept:
        count = len(delivery.kept)
        many = "s" if count > 1 else ""
        tell(
            words(
                lang,
                fr=f"  gardé{many} : {count} fichier{many} que vous avez modifié{many}",
                en=f"  kept: {count} file{many} that you changed",
            )
        )
    for name in delivery.beside:
        tell(words(lang, fr=f"  nouvelle version : {name}", en=f"  newer version: {name}"))
    if delivery.beside:
        tell(
            words(
                lang,
                fr="  La nouvelle version est posée à côté de la vôtre, intacte. Pour la prendre : "
                "recopiez-y vos réponses, puis donnez-lui le nom de l'ancienne. Sinon, "
                "supprimez-la.",
                en="  The newer version lies beside yours, which is untouched. To take it: copy "
                "your answers into it, then give it the old one's name. Otherwise, delete it.",
            )
        )


def show_trial(trial: "Trial") -> None:
    """Print a trial: a row a question, then what there is to say."""
    table = Table(title=escape(trial.headline), title_justify="left")
    table.add_column(words(trial.lang, fr="question", en="question"), overflow="fold")
    table.add_column(words(trial.lang, fr="points", en="points"), justify="right", no_wrap=True)
    table.add_column(words(trial.lang, fr="à revoir", en="to mend"), overflow="fold")
    for question in trial.questions:
        colour = "green" if question.complete else "yellow" if question.points else "default"
        mark = f"{'✓ ' if question.complete else ''}{trial.mark_of(question)}"
        table.add_row(escape(question.title), f"[{colour}]{mark}[/]", escape(question.message))
    if trial.questions:
        console.print(table)
    else:
        tell(trial.headline)
    console.print(f"[bold]{escape(trial.total)}[/]", highlight=False)
    for line in trial.lines:
        tell(line)


def tell(line: str) -> None:
    """Print a line as it is, whole: addresses and paths are to be copied."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def words(lang: str, *, fr: str, en: str) -> str:
    """The words of the learner's language."""
    return fr if lang == "fr" else en


def show_mutation(report: "MutationReport") -> None:
    """Print what became of an assignment's mutants: a table, the survivors, what to paste."""
    from autograder.authoring.mutation import THRESHOLD, as_entries

    table = Table(title=f"mutants of {report.assignment}", title_justify="left")
    columns = ("killed", "stopped", "equivalent", "survived")
    table.add_column("question")
    for heading in columns:
        table.add_column(heading, justify="right")
    for question in report.questions:
        counts = report.of_question(question)
        table.add_row(escape(question), *(str(counts[column]) for column in columns))
    console.print(table)
    for mutant in report.survivors:
        console.print()
        for line in mutant.diff.splitlines():
            style = {"-": "red", "+": "green", "@": "cyan"}.get(line[0])
            console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
    if report.survivors:
        console.print("\nwhere no test could see it, say why in equivalent_mutants.yml:\n")
        console.print(
            as_entries(report.survivors), markup=False, highlight=False, soft_wrap=True, end=""
        )
    mark = "[green]✓[/]" if report.sufficient else "[red]✗[/]"
    console.print(
        f"{mark} {report.assignment}: {report.score:.1%} of {report.judged} mutants killed, "
        f"{len(report.equivalents)} equivalent ones aside (at least {THRESHOLD:.0%})",
        highlight=False,
        soft_wrap=True,
    )


def _show_sealing(batch: Batch) -> None:
    """Say how the students' code was kept apart, and aloud when it was not."""
    tests = [cell for each in batch.submissions for cell in each.cells if not cell.manual]
    run = [cell for cell in tests if cell.state in EXECUTED]
    unsealed = sorted({cell.grade_id for cell in run if not cell.sealed})
    if batch.engine != "examiner" or (run and len(unsealed) == len({c.grade_id for c in run})):
        console.print(
            "[yellow]not sealed:[/] hidden tests ran in the students' own process (SECURITY.md)"
        )
        return
    modes = sorted({each.sandbox for each in batch.submissions if each.sandbox})
    console.print(f"sealed; sandbox: {', '.join(modes) or 'not needed'}", highlight=False)
    if unsealed:
        console.print(f"[yellow]tests that cannot be sealed:[/] {escape(', '.join(unsealed))}")


def main() -> None:
    """Run `ecole`; what the reader can mend is a sentence on stderr and exit status 1."""
    try:
        app()
    except EcoleError as error:
        Console(stderr=True).print(
            f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True
        )
        raise SystemExit(1) from error
