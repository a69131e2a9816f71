"""Checks on masters: what catches an author's mistakes before a student meets them.

run, executed   what `ecole check` does: what only reads, then what must be executed
text            the rules that read one master, gathered from the modules that hold them
findings, pages what a rule returns and what it reads: a master, its cells, their lines
pairs, structure, numbers, language, translated, terms: the two languages of a text
prose, texts, vocabulary: what these read (Markdown, `t()`, the glossary)
figures, lesson_shape, exercises, links, cards, unwritten: what a lesson must hold
graded_cells, markers, names, assertions: what an assignment must hold
built           the notebooks that learners receive
folders         what lies beside the masters, the syllabus, specimens as they are written
lessons         lessons run in the sandbox
specimens, proofs: specimens graded; each hidden test failed by one of them
cache           what is unchanged is not checked again
"""
