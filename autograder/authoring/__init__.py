"""Masters in two languages become notebooks of one; specimens prove their tests."""

from autograder.authoring.translation import t

__all__ = ["t"]
