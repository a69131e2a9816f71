"""The feedback page: nbconvert's template, its settings, its style sheet."""
