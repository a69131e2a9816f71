"""`python -m autograder`: the command `ecole`."""

from autograder.cli import main

if __name__ == "__main__":  # `ecole site` starts processes that import this file
    main()
