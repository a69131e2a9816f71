# ---
# kind: wrong
# why: "The last result instead of the first, one row kept too many by DISTINCT on values; all rows joined."
# marks:
#   test_stay_counts: 0
#   test_first_moment: 0
#   test_first_ties: 0
# ---

# %% stay_counts
def stay_counts(stays, rum, diagnoses, laboratory):
    table = stays[["stay_id"]].merge(rum[["stay_id", "unit"]], on="stay_id", how="left")
    groups = table.groupby("stay_id")["unit"]
    table["n_rum"], table["n_units"] = groups.transform("size"), groups.transform("nunique")
    for name, other in {"n_diagnoses": diagnoses, "n_results": laboratory}.items():
        table[name] = table["stay_id"].map(other["stay_id"].value_counts()).fillna(0).astype(int)
    return table

# %% first_results
def first_results(stays, laboratory):
    table = laboratory.dropna(subset=["stay_id", "value"]).merge(stays, on="stay_id")
    table = table[table["sampled_utc"] >= table["entry_utc"]]
    table = table.sort_values(["sampled_utc", "result_id"]).drop_duplicates(
        ["stay_id", "label"], keep="last"
    )
    return table[["stay_id", "label", "value", "unit", "sampled_utc"]]
