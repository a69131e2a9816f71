# ---
# kind: right
# why: "pandas from end to end: groupby, merge, explode, sort_values."
# ---

# %% stays_by_provenance
def stays_by_provenance(stays):
    table = stays.assign(not_home=stays["exit_mode"].fillna("") != "8")
    groups = table.groupby("provenance", dropna=False)
    return groups.agg(
        n_stays=("stay_id", "size"), n_closed=("exit_utc", "count"), n_not_home=("not_home", "sum")
    ).reset_index()

# %% stay_counts
def stay_counts(stays, rum, diagnoses, laboratory):
    table = stays[["stay_id"]].copy()
    table["n_rum"] = table["stay_id"].map(rum["stay_id"].value_counts())
    table["n_units"] = table["stay_id"].map(rum.groupby("stay_id")["unit"].nunique())
    table["n_diagnoses"] = table["stay_id"].map(diagnoses["stay_id"].value_counts())
    table["n_results"] = table["stay_id"].map(laboratory["stay_id"].value_counts())
    return table.fillna(0)

# %% local_times
def local_times(source, until):
    table = source.copy()
    end = table["exit_utc"].fillna(until)
    for name, moment in {"entry_local": table["entry_utc"], "exit_local": end}.items():
        paris = moment.dt.tz_localize("UTC").dt.tz_convert("Europe/Paris")
        table[name] = paris.dt.tz_localize(None)
    days = table["exit_local"].dt.normalize() - table["entry_local"].dt.normalize()
    table["nights"] = days.dt.days
    table["hours"] = (end - table["entry_utc"]).dt.total_seconds() / 3600
    return table

# %% nights_by_unit_month
def nights_by_unit_month(rum_local):
    table = rum_local[rum_local["nights"] > 0].copy()
    table["evening"] = [
        list(pd.date_range(first.normalize(), periods=nights))
        for first, nights in zip(table["entry_local"], table["nights"])
    ]
    table = table.explode("evening")
    table["month"] = pd.to_datetime(table["evening"]).dt.strftime("%Y-%m")
    return table.groupby(["unit", "month"]).size().reset_index(name="nights")

# %% stay_diagnoses
def stay_diagnoses(stays, rum_local, diagnoses):
    known = diagnoses.dropna(subset="code")
    dp = known.loc[known["role"] == "DP", ["rum_id", "code"]].rename(columns={"code": "dp"})
    dp = rum_local.merge(dp, on="rum_id").sort_values(["nights", "rank"])
    dp = dp.drop_duplicates("stay_id", keep="last")[["stay_id", "dp"]]
    n_das = known[known["role"] == "DAS"].groupby("stay_id")["code"].nunique()
    table = stays[["stay_id"]].merge(dp, on="stay_id", how="left")
    table["n_das"] = table["stay_id"].map(n_das).fillna(0).astype(int)
    return table

# %% first_results
def first_results(stays, laboratory):
    table = laboratory.dropna(subset=["stay_id", "value"]).merge(stays, on="stay_id")
    table = table[table["sampled_utc"] >= table["entry_utc"]]
    table = table.sort_values(["sampled_utc", "result_id"]).groupby(["stay_id", "label"]).head(1)
    return table[["stay_id", "label", "value", "unit", "sampled_utc"]]

# %% stays_mart
def stays_mart(stays_local, counts, coded, firsts):
    blood = firsts[firsts["label"] == "Créatinine"].rename(
        columns={"value": "creatinine", "unit": "creatinine_unit"}
    )
    mart = stays_local.assign(entry_date=stays_local["entry_local"].dt.date)
    mart = mart.merge(counts, on="stay_id", how="left").merge(coded, on="stay_id", how="left")
    mart = mart.merge(
        blood[["stay_id", "creatinine", "creatinine_unit"]], on="stay_id", how="left"
    )
    return mart.fillna({"n_rum": 0, "n_results": 0, "n_das": 0})

# %% check_mart
def check_mart(mart, stays, rum_local):
    spent = rum_local.groupby("stay_id", as_index=False)["nights"].sum()
    known = mart.merge(stays[["stay_id"]], on="stay_id")
    both = known.merge(spent, on="stay_id", how="left", suffixes=("", "_rum"))
    different = both[~(both["nights"] == both["nights_rum"].fillna(0))]
    return {
        "lost": len(set(stays["stay_id"]) - set(mart["stay_id"])),
        "repeated": len(known) - known["stay_id"].nunique(),
        "unknown": len(mart) - len(known),
        "nights": different["stay_id"].nunique(),
    }
