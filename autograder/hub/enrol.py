"""`python -m autograder.hub.enrol COURSE NAME…`: students into a course's gradebook.

Run by the course's own account. Who is there already keeps the name that formgrader shows.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.grading import open_course


def enrol(directory: Path | str, names: Iterable[str]) -> list[str]:
    """Add the students who are not in the gradebook of a course directory yet.

    Returns:
        the names added.

    Raises:
        EcoleError: there is no course directory.
    """
    course = open_course(directory)
    added = []
    with Gradebook(course.coursedir.db_url, course.name) as gradebook:
        for name in names:
            try:
                gradebook.find_student(name)
            except MissingEntry:
                gradebook.add_student(name, last_name=name, first_name="")
                added.append(name)
    return added


if __name__ == "__main__":
    enrol(sys.argv[1], sys.argv[2:])
