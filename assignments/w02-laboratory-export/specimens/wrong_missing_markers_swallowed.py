# ---
# kind: wrong
# why: "Reads text, but lets read_csv turn n/a and empty cells into NaN."
# marks: {test_read_export: 0}
# message:
#   test_read_export: "n/a"
# ---

# %% read_export
def read_export(path):
    return pd.read_csv(path, sep=";", encoding="cp1252", dtype=str)
