"""Descriptions of the sets, one YAML file a set, named after it.

To add one: write its file (the fields are those of `description.SetDescription`) with a `sha256`
of 64 zeros; `load` refuses the content and says its SHA-256; then `tools/draw_cards.py NAME`
writes its card, its figure and its Croissant metadata. What the package does not document is
"not documented": nothing is guessed.
"""
