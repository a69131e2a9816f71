"""The one exception that a command shows as a sentence instead of a traceback."""


class EcoleError(Exception):
    """Something the reader can mend; the message says what is wrong and what to do."""
