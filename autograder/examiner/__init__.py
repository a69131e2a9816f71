"""The papermill engine `examiner`: a warm interpreter, a sandbox, a candidate, an examiner."""
