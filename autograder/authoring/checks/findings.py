"""What a check says: where, what is wrong, how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend.

    Attributes:
        path: the file, relative to the repository.
        line: line of the file, from 1; 0 where the file as a whole is meant.
        cell: cell of the master, from 1, both languages counted; 0 outside a cell.
        problem: what is wrong, in one clause, with the words found.
        remedy: what to do, in one clause that begins with a verb.
        rule: name of the check, for instance ``pair-numbers``.
    """

    path: str
    line: int
    cell: int
    problem: str
    remedy: str
    rule: str = ""

    def __str__(self) -> str:
        place = f":{self.line}" if self.line else ""
        cell = f", cell {self.cell}" if self.cell else ""
        return f"{self.path}{place}{cell}: {self.problem}; {self.remedy} [{self.rule}]"
