"""The papermill engine `examiner`: a warm interpreter, a sandbox, a candidate, an examiner.

engine          the papermill engine: a submission in, an executed notebook out
processes       the zygote and its children, as the engine sees them
zygote          the warm process that has imported what an assignment imports, and forks
warmup          the libraries used once before forking, on made-up data
memory          the warm process's memory, made cheap to fork
sandbox         a fresh fork confined: namespaces, else Landlock
candidate       the process that runs a student's cells, and answers the tests' questions
examiner        the process that runs locked cells and tests, never the student's code
shared          one examiner for all submissions of an assignment
answers         which names of a notebook are answers: read from its solution cells
remote          calls and proxies between candidate and examiner, who do not trust each other
wire            the bounded format of their messages: plain data
wire_tables     what numpy, pandas, scipy.sparse and torch add to it
files           the regular files of a working directory, as they change
outputs         what became of a cell, checked before it is kept
"""
