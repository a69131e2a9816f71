"""What a batch leaves for people to read."""

from autograder.reporting.record import Record, write_record

__all__ = ["Record", "write_record"]
