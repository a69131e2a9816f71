"""`make bench`: what grading a class costs, beside stock nbgrader (see BENCHMARKS.md)."""
