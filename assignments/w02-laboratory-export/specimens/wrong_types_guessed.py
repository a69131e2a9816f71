# ---
# kind: wrong
# why: "Lets read_csv choose the types: identifiers become numbers."
# marks: {test_read_export: 0}
# message:
#   test_read_export: "analysis_id"
# ---

# %% read_export
def read_export(path):
    return pd.read_csv(path, sep=";", encoding="cp1252")
