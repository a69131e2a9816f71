# ---
# kind: wrong
# why: "One detail passed over in each: mode 8 as a number, exit_utc filled, until left in UTC, units converted, day of UTC."
# marks:
#   test_not_home: 0
#   test_local_clock: 0
#   test_hours: 0
#   test_first_ties: 0
#   test_mart_values: 0
#   test_check_rows: 0
#   test_check_nights: 0
# message:
#   test_local_clock: "exit_utc"
#   test_hours: "exit_local"
#   test_first_ties: "on ne convertit rien"
#   test_mart_values: "le jour à Paris"
#   test_check_rows: "jamais en trop"
#   test_check_nights: "jugée seule"
# ---

# %% stays_by_provenance
def stays_by_provenance(stays):
    table = stays.assign(away=stays["exit_mode"] != 8)
    groups = table.groupby("provenance", dropna=False)
    return groups.agg(
        n_stays=("stay_id", "size"), n_closed=("exit_utc", "count"), n_not_home=("away", "sum")
    ).reset_index()

# %% local_times
def local_times(source, until):
    table = source.copy()
    for name in ("entry", "exit"):
        paris = table[f"{name}_utc"].dt.tz_localize("UTC").dt.tz_convert("Europe/Paris")
        table[f"{name}_local"] = paris.dt.tz_localize(None)
    table["exit_local"] = table["exit_local"].fillna(until)
    table["exit_utc"] = table["exit_utc"].fillna(until)
    days = table["exit_local"].dt.normalize() - table["entry_local"].dt.normalize()
    table["nights"] = days.dt.days
    table["hours"] = (table["exit_utc"] - table["entry_utc"]).dt.total_seconds() / 3600
    return table

# %% first_results
def first_results(stays, laboratory):
    table = laboratory.dropna(subset=["stay_id", "value"]).merge(stays, on="stay_id")
    table = table[table["sampled_utc"] >= table["entry_utc"]]
    other = table["unit"] == "mg/L"
    table["value"] = table["value"].where(~other, table["value"] * 8.84)
    table["unit"] = table["unit"].where(~other, "µmol/L")
    return table.sort_values(["sampled_utc", "result_id"]).drop_duplicates(["stay_id", "label"])

# %% stays_mart
def stays_mart(stays_local, counts, coded, firsts):
    blood = firsts[firsts["label"] == "Créatinine"].rename(
        columns={"value": "creatinine", "unit": "creatinine_unit"}
    )
    mart = stays_local.assign(entry_date=stays_local["entry_utc"].dt.date)
    for piece in (counts, coded, blood[["stay_id", "creatinine", "creatinine_unit"]]):
        mart = mart.merge(piece, on="stay_id", how="left")
    return mart.fillna({"n_rum": 0, "n_results": 0, "n_das": 0})

# %% check_mart
def check_mart(mart, stays, rum_local):
    query = """
        SELECT (SELECT COUNT(*) FROM stays ANTI JOIN mart USING (stay_id)) AS lost,
               (SELECT COUNT(stay_id) - COUNT(DISTINCT stay_id) FROM mart) AS repeated,
               (SELECT COUNT(*) FROM mart ANTI JOIN stays USING (stay_id)) AS unknown
    """
    known = mart[mart["stay_id"].isin(stays["stay_id"])]
    found = known.groupby("stay_id")["nights"].sum()
    spent = rum_local.groupby("stay_id")["nights"].sum().reindex(found.index)
    counts = sql(query, mart=mart, stays=stays).iloc[0].to_dict()
    return counts | {"nights": int((found != spent).sum())}
