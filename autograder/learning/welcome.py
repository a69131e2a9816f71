"""The workspace's first page: what to do, the seven months, one's progress."""

from urllib.parse import quote

from autograder.authoring.masters import REPOSITORY
from autograder.authoring.syllabus import Syllabus, parse_syllabus
from autograder.authoring.translation import Lang
from autograder.learning.picture import alternative, draw
from autograder.learning.progress import (
    LessonProgress,
    Survey,
    WeekProgress,
    assignment_notebook,
    survey,
)
from autograder.learning.sheet import sheet_name
from autograder.learning.words import number, say
from autograder.learning.workspace import Workspace, mendable

_MARK = "<!-- ecole-ia-sante -->"
_PAGE_BYTES = 1_000_000
_BAR = 10


def write_welcome(workspace: Workspace) -> list[str]:
    """Write the welcome page and its picture; what there is to say of unreadable files comes back.

    A page of the learner's own under the same name is left alone.

    Raises:
        EcoleError: the workspace cannot be written, or the syllabus is faulty.
    """
    with mendable(workspace.root, workspace.lang):
        syllabus = parse_syllabus(REPOSITORY)
        found = survey(workspace, syllabus)
        picture = _ours(workspace, say(workspace.lang, fr="progression.svg", en="progress.svg"))
        drawn = draw(found.weeks, syllabus.project, workspace.lang)
        workspace.put(picture, f"{drawn}{_MARK}\n".encode())
        text = page(found, syllabus, workspace.lang, picture)
        workspace.put(welcome_name(workspace), text.encode())
    return found.notes


def welcome_name(workspace: Workspace) -> str:
    """The page's file: one that is not there yet, or that was written here."""
    return _ours(workspace, say(workspace.lang, fr="Bienvenue.md", en="Welcome.md"))


def _ours(workspace: Workspace, name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    for each in (name, f"{stem}.ecole.{suffix}"):
        try:
            present = workspace.read(each, _PAGE_BYTES)
        except ValueError:
            continue
        if present is None or _MARK.encode() in present:
            return each
    return f"{stem}.ecole.{suffix}"


def page(found: Survey, syllabus: Syllabus, lang: Lang, picture: str) -> str:
    """The page as Markdown, its links relative to the workspace."""
    parts = [
        _MARK,
        "# École IA Santé",
        *_first_steps(found, lang),
        say(lang, fr="## Votre progression", en="## Your progress"),
        f"![{alternative(found.weeks, lang)}]({quote(picture)})",
        *_competencies(found, syllabus, lang),
        say(lang, fr="## Les sept mois", en="## The seven months"),
        *_months(found, syllabus, lang),
        say(
            lang,
            fr="---\n\n*Cette page est refaite à chaque `ecole learn` et à chaque correction : "
            "prenez vos notes ailleurs, elles y seraient perdues.*",
            en="---\n\n*This page is made anew by each `ecole learn` and each trial: take your "
            "notes elsewhere, they would be lost here.*",
        ),
    ]
    return "\n\n".join(parts) + "\n"


# ------------------------------------------------------------------------ first steps


def _first_steps(found: Survey, lang: Lang) -> list[str]:
    steps = [_lesson_step(found, lang), *_assignment_steps(found, lang)]
    lines = [f"{place}. {step}" for place, step in enumerate(filter(None, steps), start=1)]
    if not lines:
        return []
    begun = any(week.state in ("begun", "complete") for week in found.weeks)
    title = (
        say(lang, fr="## Reprendre", en="## Carry on")
        if begun
        else say(lang, fr="## Par où commencer", en="## Where to begin")
    )
    return [title, "\n".join(lines)]


def _lesson_step(found: Survey, lang: Lang) -> str:
    """The first lesson that is not finished."""
    for week in found.weeks:
        for lesson in week.lessons:
            if lesson.file and not lesson.complete:
                link = _link(lesson.title, lesson.file)
                details = _details(lesson, lang)
                return say(lang, fr=f"Suivez la leçon {link}", en=f"Take the lesson {link}") + (
                    f" ({details})." if details else "."
                )
    return ""


def _assignment_steps(found: Survey, lang: Lang) -> list[str]:
    """The first assignment that does not have all its points, and how to have it graded."""
    for week in found.weeks:
        if week.assignment and not (week.best and week.best.share >= 1):
            title = week.module.assignment.title.of(lang)
            link = _link(title, assignment_notebook(week.assignment))
            grading = _link(sheet_name(lang).removesuffix(".ipynb"), sheet_name(lang))
            short = week.assignment.partition("-")[0]
            return [
                say(
                    lang,
                    fr=f"Faites le devoir {link}, et enregistrez-le (Ctrl+S).",
                    en=f"Do the assignment {link}, and save it (Ctrl+S).",
                ),
                say(
                    lang,
                    fr=f"Corrigez-le, autant de fois que vous voulez, dans {grading} ou dans un "
                    f"terminal : `ecole try {short}`.",
                    en=f"Have it graded, as often as you like, in {grading} or in a terminal: "
                    f"`ecole try {short}`.",
                ),
            ]
    return []


# ----------------------------------------------------------------------------- months


def _months(found: Survey, syllabus: Syllabus, lang: Lang) -> list[str]:
    parts = []
    for month in syllabus.months:
        weeks = [week for week in found.weeks if week.month.month == month.month]
        name = say(lang, fr="Mois", en="Month")
        parts.append(f"### {name} {month.month} · {month.title.of(lang)}")
        there = [week for week in weeks if week.state != "to-come"]
        if there:
            parts.append("\n".join(line for week in there for line in _week(week, lang)))
        coming = [week for week in weeks if week.state == "to-come"]
        if coming:
            titles = " · ".join(
                f"{week.module.week} {week.module.title.of(lang)}" for week in coming
            )
            parts.append(say(lang, fr=f"*À venir : {titles}*", en=f"*To come: {titles}*"))
    first, last = syllabus.project.weeks
    title = syllabus.project.title.of(lang)
    parts.append(
        say(
            lang,
            fr=f"*Puis, semaines {first} et {last} : {title}*",
            en=f"*Then, weeks {first} and {last}: {title}*",
        )
    )
    return parts


def _week(week: WeekProgress, lang: Lang) -> list[str]:
    """A list item for the week, one below it for each lesson and the assignment."""
    name = say(lang, fr="Semaine", en="Week")
    lines = [f"- **{name} {week.module.week} · {week.module.title.of(lang)}**"]
    for number_of, lesson in enumerate(week.lessons, start=1):
        label = say(lang, fr=f"leçon {number_of}", en=f"lesson {number_of}")
        if lesson.file is None:
            coming = say(lang, fr="à venir", en="to come")
            lines.append(f"  - {label} · {lesson.title} · *{coming}*")
            continue
        said = [_link(lesson.title, lesson.file), *_minutes(lesson), *_exercises(lesson, lang)]
        lines.append(f"  - {label} · {' · '.join(said)}")
    if week.assignment:
        label = say(lang, fr="devoir", en="assignment")
        title = week.module.assignment.title.of(lang)
        link = _link(title, assignment_notebook(week.assignment))
        lines.append(f"  - {label} · {link} · {_marks(week, lang)}")
    return lines


def _minutes(lesson: LessonProgress) -> list[str]:
    return [f"{lesson.minutes} min"] if lesson.minutes else []


def _details(lesson: LessonProgress, lang: Lang) -> str:
    """What taking a lesson asks: its minutes, its exercises."""
    total = lesson.exercises.total
    word = say(lang, fr="exercice", en="exercise") + ("s" if total > 1 else "")
    return ", ".join(_minutes(lesson) + ([f"{total} {word}"] if total else []))


def _exercises(lesson: LessonProgress, lang: Lang) -> list[str]:
    """How many of its exercises are done."""
    done, total = lesson.exercises.done, lesson.exercises.total
    if not total:
        return []
    word = say(lang, fr="exercice", en="exercise") + ("s" if total > 1 else "")
    return [f"{'✓ ' if done == total else ''}{done}/{total} {word}"]


def _marks(week: WeekProgress, lang: Lang) -> str:
    best, last = week.best, week.last
    if best is None or last is None or best.score is None or last.score is None:
        return say(lang, fr="pas encore corrigé", en="not graded yet")
    tick = "✓ " if best.share >= 1 else ""
    text = f"{tick}**{number(best.score, lang)}/{number(best.max_score, lang)}**"
    if last.share < best.share:
        mark = f"{number(last.score, lang)}/{number(last.max_score, lang)}"
        text += say(lang, fr=f" (dernière fois {mark})", en=f" (last time {mark})")
    page = f"feedback/{week.assignment}.html"
    return f"{text} · {_link(say(lang, fr='correction', en='feedback'), page)}"


# ----------------------------------------------------------------------- competencies


def _competencies(found: Survey, syllabus: Syllabus, lang: Lang) -> list[str]:
    known = syllabus.certification.competencies
    rows = []
    for competency in known:
        if competency.id in found.competencies:
            got, most = found.competencies[competency.id]
            filled = round(_BAR * got / most)
            bar = "■" * filled + "□" * (_BAR - filled)
            points = f"{number(got, lang)}/{number(most, lang)}"
            rows.append(f"| {competency.id} {competency.label.of(lang)} | {bar} | {points} |")
    if not rows:
        text = say(
            lang,
            fr=f"Les {len(known)} compétences du titre {syllabus.certification.code} apparaîtront "
            "ici à mesure que vos devoirs seront corrigés.",
            en=f"The {len(known)} competencies of the title {syllabus.certification.code} will "
            "show here as your assignments are graded.",
        )
        return [text]
    head = say(
        lang, fr="| compétence | | points obtenus |", en="| competency | | points obtained |"
    )
    return ["\n".join([head, "| :--- | :--- | :--- |", *rows])]


def _link(title: str, place: str) -> str:
    return f"[{title}]({quote(place)})"
