# ---
# kind: wrong
# why: "The missing provenance is given a name, missing counts stay NaN, a missing creatinine becomes 0."
# marks:
#   test_provenance_counts: 0
#   test_stay_counts_absent: 0
#   test_mart_values: 0
# message:
#   test_mart_values: "creatinine"
# ---

# %% stays_by_provenance
def stays_by_provenance(stays):
    table = stays.fillna({"provenance": "domicile", "exit_mode": ""})
    groups = table.assign(away=table["exit_mode"] != "8").groupby("provenance")
    return groups.agg(
        n_stays=("stay_id", "size"), n_closed=("exit_utc", "count"), n_not_home=("away", "sum")
    ).reset_index()

# %% stay_counts
def stay_counts(stays, rum, diagnoses, laboratory):
    table = stays[["stay_id"]].merge(
        rum.groupby("stay_id").agg(n_rum=("unit", "size"), n_units=("unit", "nunique")),
        on="stay_id", how="left",
    )
    for name, other in {"n_diagnoses": diagnoses, "n_results": laboratory}.items():
        table[name] = table["stay_id"].map(other["stay_id"].value_counts())
    return table

# %% stays_mart
def stays_mart(stays_local, counts, coded, firsts):
    blood = firsts[firsts["label"] == "Créatinine"].rename(
        columns={"value": "creatinine", "unit": "creatinine_unit"}
    )
    mart = stays_local.assign(entry_date=stays_local["entry_local"].dt.normalize())
    for piece in (counts, coded, blood[["stay_id", "creatinine", "creatinine_unit"]]):
        mart = mart.merge(piece, on="stay_id", how="left")
    numbers = ["n_rum", "n_results", "n_das", "creatinine"]
    mart[numbers] = mart[numbers].fillna(0)
    return mart
