"""École IA Santé's autograder: masters to notebooks, a class graded, a record of each batch."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("ecole-ia-sante")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
