"""A Jupyter server extension: the assignment list answers with sentences, not tracebacks.

Enabled after nbgrader's own (`"autograder.hub.server": true` among `jpserver_extensions`); what it
replaces is nbgrader's manager, not its pages nor its addresses.
"""

import textwrap
import traceback
from typing import Any

from jupyter_server.serverapp import ServerApp
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory
from nbgrader.server_extensions.assignment_list.handlers import AssignmentList

from autograder.grading.course import Cohort
from autograder.learning.words import say

_SETTING = "assignment_list_manager"
_COLUMNS = 72
"""nbgrader shows the answer to a submission as preformatted text, which does not wrap."""


class Assignments(AssignmentList):
    """nbgrader's assignment list, whose failures a student can read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._failure: str | None = None

    def submit_assignment(self, course_id: str, assignment_id: str) -> dict[str, Any]:
        answer = self._act("Submit", course_id, assignment_id)
        if not answer["success"]:
            answer["value"] = "\n".join(textwrap.wrap(answer["value"], _COLUMNS))
        return answer

    def fetch_assignment(self, course_id: str, assignment_id: str) -> dict[str, Any]:
        return self._act_then_list("FetchAssignment", course_id, assignment_id)

    def fetch_feedback(self, course_id: str, assignment_id: str) -> dict[str, Any]:
        return self._act_then_list("FetchFeedback", course_id, assignment_id)

    def list_assignments(self, course_id: str | None = None) -> dict[str, Any]:
        """The list; once, instead of it, why the fetch that was asked for failed."""
        failure, self._failure = self._failure, None
        if failure is not None:
            return {"success": False, "value": failure}
        listed: dict[str, Any] = super().list_assignments(course_id=course_id)
        return listed

    def list_released_assignments(self, course_id: str | None = None) -> dict[str, Any]:
        return self._readable(super().list_released_assignments(course_id=course_id))

    def list_submitted_assignments(self, course_id: str | None = None) -> dict[str, Any]:
        return self._readable(super().list_submitted_assignments(course_id=course_id))

    def _act_then_list(self, action: str, course_id: str, assignment_id: str) -> dict[str, Any]:
        """nbgrader drops the answer and lists again: the failure is what that list will say."""
        answer = self._act(action, course_id, assignment_id)
        if not answer["success"]:
            refresh = say(
                self._lang(),
                fr="Le bouton d'actualisation, en haut de cette page, ramène la liste.",
                en="The refresh button at the top of this page brings the list back.",
            )
            self._failure = f"{answer['value']} {refresh}"
        return answer

    def _act(self, action: str, course_id: str, assignment_id: str) -> dict[str, Any]:
        """Run one part of the exchange, as nbgrader does, and keep the sentence of a failure."""
        # caught inside: nbgrader's context managers change folders back only when all goes well
        with self.get_assignment_dir_config():
            try:
                config = self.load_config()
                config.CourseDirectory.course_id = course_id
                config.CourseDirectory.assignment_id = assignment_id
                part = getattr(ExchangeFactory(config=config), action)(
                    coursedir=CourseDirectory(config=config),
                    authenticator=Authenticator(config=config),
                    config=config,
                )
                part.start()
                answer: dict[str, Any] = {"success": True}
            except ExchangeError as error:
                answer = {"success": False, "value": str(error)}
            except Exception:
                self.log.error(traceback.format_exc())
                answer = {"success": False, "value": self._unforeseen()}
        return answer

    def _readable(self, answer: dict[str, Any]) -> dict[str, Any]:
        """nbgrader's own answer, without what only it understands; it has logged the reason."""
        return answer if answer["success"] else {"success": False, "value": self._unforeseen()}

    def _unforeseen(self) -> str:
        return say(
            self._lang(),
            fr="Les devoirs du cours ne sont pas accessibles pour l'instant : prévenez l'équipe "
            "enseignante. Votre travail est toujours dans votre dossier.",
            en="The course's assignments cannot be reached for now: tell your instructor. Your "
            "work is still in your folder.",
        )

    def _lang(self) -> Any:
        return Cohort(config=self.load_config()).lang


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Nothing yet: extensions load in the order of their names, nbgrader's after this one."""


async def _start_jupyter_server_extension(app: ServerApp) -> None:
    """Take the place of nbgrader's manager, once every extension is loaded."""
    settings = app.web_app.settings
    if _SETTING in settings:
        manager = Assignments(parent=app)
        manager.root_dir = app.root_dir
        settings[_SETTING] = manager
