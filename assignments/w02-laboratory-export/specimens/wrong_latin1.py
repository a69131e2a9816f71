# ---
# kind: wrong
# why: "Takes latin-1 for cp1252: the dash that marks an absence becomes a control character."
# marks: {test_read_export: 0}
# ---

# %% read_export
def read_export(path):
    """Return the export at `path` as a DataFrame of text, nothing interpreted."""
    return pd.read_csv(path, sep=";", encoding="latin-1", dtype=str, keep_default_na=False)
