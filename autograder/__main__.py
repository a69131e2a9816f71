"""`python -m autograder`: the command `ecole`."""

from autograder.cli import main

main()
