# ---
# kind: wrong
# why: "Ignores its argument and reads the file of the example."
# marks: {test_read_export: 0}
# ---

# %% read_export
def read_export(path):
    """Return the export at `path` as a DataFrame of text, nothing interpreted."""
    return pd.read_csv("laboratory_export.csv", sep=";", encoding="cp1252", dtype=str, keep_default_na=False)
