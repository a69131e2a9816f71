"""The Markdown files that are no masters: their links lead somewhere."""

from pathlib import Path

from autograder.authoring.checks.links import check_documents
from autograder.authoring.masters import REPOSITORY


def test_the_repository_has_no_dead_link() -> None:
    assert check_documents(REPOSITORY) == []


def test_dead_links_and_anchors_are_found(tmp_path: Path) -> None:
    module = tmp_path / "course" / "m1-first" / "w01-begin"
    module.mkdir(parents=True)
    (module / "01-lesson.md").write_text("[a master](missing.md), which another check reads\n")
    (module / "README.md").write_text(
        "# Week 1 · Begin\n\n[here](#week-1--begin), [root](../../../README.md#the-house), "
        "[lesson](01-lesson.md), [folder](../), [far](https://example.org/missing.md)\n\n"
        "[gone](02-lesson.md)\n\n![plan](plan.png)\n\n[lost](../../../README.md#the-garden)\n"
    )
    (tmp_path / "README.md").write_text("# A title\n\n## The house\n")
    found = check_documents(tmp_path)
    assert [(finding.path, finding.line) for finding in found] == [
        ("course/m1-first/w01-begin/README.md", line) for line in (5, 7, 9)
    ]
    for finding, words in zip(found, ("02-lesson.md", "plan.png", "the-garden"), strict=True):
        assert words in finding.problem and finding.remedy
