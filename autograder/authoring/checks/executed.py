"""`ecole check`, what must be executed: lessons, then specimens."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from autograder.authoring.checks import built, folders
from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.lessons import VERSIONS, Version, check_lesson
from autograder.authoring.checks.pages import Page, read_page
from autograder.authoring.checks.run import Scope
from autograder.authoring.checks.specimens import SECRETS, check_assignment
from autograder.authoring.checks.text import RULES
from autograder.authoring.executions import SECONDS
from autograder.errors import EcoleError
from autograder.grading.batch import usable_processors

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, how many there are."""

EXECUTED = {
    "lesson-fails": "A cell of a lesson that raises.",
    "lesson-warns": "A cell of a lesson that writes to stderr.",
    "lesson-network": "A lesson that asks for the network.",
    "lesson-slow": f"A lesson that takes more than {SECONDS} s.",
    "check-on-stub": "The check of an exercise that raises on the unanswered stub.",
    "right-loses": "A right specimen, or the reference, that loses a point.",
    "wrong-not-caught": "A wrong specimen that no test catches.",
    "specimen-message": "A failure that does not say what the specimen states.",
    "specimen-state": "A specimen that does not run to its end.",
    "specimens-not-graded": "Specimens that do not fit their master.",
    "marks-by-secret": "Marks that change with the exam secret.",
    "hidden-unproved": "A hidden test that no specimen fails.",
    "test-unproved": "A test cell in which no specimen loses a point.",
    "unsealable": "A test that only passes in the student's own process, and why.",
}
"""What executing can find, by the name of the rule."""


def rules() -> dict[str, str]:
    """Every rule, by name: what it finds."""
    read = {name: (rule.__doc__ or "").strip().splitlines()[0] for name, rule in RULES.items()}
    unreadable = {"unreadable": "A master that is no MyST notebook."}
    return unreadable | read | built.FINDS | folders.FINDS | EXECUTED


def check_executed(
    scope: Scope,
    *,
    workers: int | None = None,
    use_cache: bool = True,
    on_progress: Progress = lambda what, done, total: None,
) -> list[Finding]:
    """Execute every lesson and grade every specimen; what cannot be built is left out.

    Args:
        workers: lessons, then submissions, at once; the usable processors by default.
        use_cache: leave out what is unchanged since it was found without fault.
    """
    pages = list(_pages(scope))
    findings = _lessons(
        [page for page in pages if page.kind == "lesson"], workers, use_cache, on_progress
    )
    for page in pages:
        if page.kind == "assignment":
            findings += _assignment(page, workers, use_cache, on_progress)
    return sorted(findings)


def _lessons(
    pages: list[Page], workers: int | None, use_cache: bool, on_progress: Progress
) -> list[Finding]:
    runs = [(page, version) for page in pages for version in VERSIONS]

    def run(each: tuple[Page, Version]) -> list[Finding]:
        return check_lesson(*each, use_cache=use_cache)

    findings = []
    with ThreadPoolExecutor(workers or usable_processors(), "ecole-lesson") as pool:
        for done, found in enumerate(pool.map(run, runs), start=1):
            findings += found
            on_progress("lessons", done, len(runs))
    return findings


def _assignment(
    page: Page, workers: int | None, use_cache: bool, on_progress: Progress
) -> list[Finding]:
    batches = 0

    def count(result: object, done: int, total: int) -> None:
        nonlocal batches
        on_progress(page.master.name, batches * total + done, len(SECRETS) * total)
        batches += done == total

    try:
        return check_assignment(page, workers=workers, use_cache=use_cache, on_result=count)
    except EcoleError as error:
        remedy = "mend it, then check again: its specimens were not graded"
        return [page.finding(None, str(error), remedy, rule="specimens-not-graded")]


def _pages(scope: Scope) -> Iterator[Page]:
    """What can be built in both languages; the checks that read say why the rest cannot."""
    for master in scope.masters:
        try:
            master.build("fr")
            master.build("en")
            yield read_page(master, scope.root)
        except EcoleError:
            continue
