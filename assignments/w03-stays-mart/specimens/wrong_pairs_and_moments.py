# ---
# kind: wrong
# why: "Strictly after the entry, ties by order of the file, results of no stay kept; returns counted as units."
# marks:
#   test_stay_counts_absent: 0
#   test_hours: 0
#   test_first_ties: 0
# message:
#   test_hours: "extraction"
# ---

# %% stay_counts
def stay_counts(stays, rum, diagnoses, laboratory):
    table = stays[["stay_id"]].copy()
    for name, other in {"n_rum": rum, "n_diagnoses": diagnoses, "n_results": laboratory}.items():
        table[name] = table["stay_id"].map(other["stay_id"].value_counts()).fillna(0).astype(int)
    table["n_units"] = table["n_rum"]
    return table

# %% first_results
def first_results(stays, laboratory):
    table = laboratory.dropna(subset="value").merge(stays, on="stay_id", how="left")
    table = table[~(table["sampled_utc"] <= table["entry_utc"])]
    table = table.sort_values("sampled_utc", kind="stable").drop_duplicates(["stay_id", "label"])
    return table[["stay_id", "label", "value", "unit", "sampled_utc"]]

# %% local_times
def local_times(source, when):
    query = """
        SELECT *,
            (entry_utc AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Paris' AS entry_local,
            (COALESCE(exit_utc, $until) AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Paris'
                AS exit_local,
            date_diff('day', entry_local::DATE, exit_local::DATE) AS nights,
            epoch(COALESCE(exit_utc, $until) - entry_utc) / 3600 AS hours
        FROM source
    """
    return sql(query, {"until": until}, source=source)
