# ---
# kind: wrong
# why: "Everything is joined at once: nights, results and diagnoses multiply each other."
# marks:
#   test_stay_counts: 0
#   test_dp: 0
#   test_das: 0
#   test_first_ties: 0
#   test_mart_rows: 0
#   test_mart_values: 0
# message:
#   test_mart_rows: "Deux"
# ---

# %% stay_counts
def stay_counts(stays, rum, diagnoses, laboratory):
    query = """
        SELECT
            s.stay_id,
            COUNT(r.rum_id) AS n_rum,
            COUNT(DISTINCT r.unit) AS n_units,
            COUNT(d.rum_id) AS n_diagnoses,
            COUNT(l.result_id) AS n_results
        FROM stays AS s
        LEFT JOIN rum AS r ON r.stay_id = s.stay_id
        LEFT JOIN diagnoses AS d ON d.stay_id = s.stay_id
        LEFT JOIN laboratory AS l ON l.stay_id = s.stay_id
        GROUP BY s.stay_id
    """
    return sql(query, stays=stays, rum=rum, diagnoses=diagnoses, laboratory=laboratory)

# %% stay_diagnoses
def stay_diagnoses(stays, rum_local, diagnoses):
    dp = diagnoses[(diagnoses["role"] == "DP") & diagnoses["code"].notna()]
    das = diagnoses[diagnoses["role"] == "DAS"]
    table = rum_local.merge(dp[["rum_id", "code"]], on="rum_id")
    longest = table.groupby("stay_id")["nights"].transform("max")
    table = table[table["nights"] == longest].rename(columns={"code": "dp"})
    table = stays[["stay_id"]].merge(table[["stay_id", "dp"]], on="stay_id", how="left")
    table["n_das"] = table["stay_id"].map(das.groupby("stay_id")["code"].nunique()).fillna(0)
    return table

# %% first_results
def first_results(stays, laboratory):
    table = laboratory.dropna(subset=["value", "stay_id"]).merge(stays, on="stay_id")
    table = table[table["sampled_utc"] >= table["entry_utc"]]
    first = table.groupby(["stay_id", "label"])["sampled_utc"].transform("min")
    return table.loc[table["sampled_utc"] == first, list(laboratory.columns)]

# %% stays_mart
def stays_mart(stays_local, counts, coded, firsts):
    mart = stays_local.merge(counts, on="stay_id", how="left").merge(coded, on="stay_id", how="left")
    mart = mart.merge(
        firsts.rename(columns={"value": "creatinine", "unit": "creatinine_unit"}),
        on="stay_id", how="left",
    )
    mart["entry_date"] = mart["entry_local"].dt.normalize()
    return mart.fillna({"n_rum": 0, "n_results": 0, "n_das": 0})
