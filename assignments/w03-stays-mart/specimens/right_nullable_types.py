# ---
# kind: right
# why: "pandas' nullable types (Int64, <NA>), shuffled rows, a recursive query, DISTINCT ON, days written as text."
# ---

# %% stays_by_provenance
def stays_by_provenance(stays):
    query = """
        SELECT provenance, COUNT(*) AS n_stays, COUNT(exit_utc) AS n_closed,
            COUNT(*) - COUNT(*) FILTER (WHERE exit_mode = '8') AS n_not_home
        FROM stays GROUP BY provenance
    """
    return sql(query, stays=stays).convert_dtypes()

# %% stay_counts
def stay_counts(stays, rum, diagnoses, laboratory):
    table = stays.reset_index(drop=True)
    units = rum.groupby("stay_id").agg(n_rum=("rum_id", "count"), n_units=("unit", "nunique"))
    table = table.join(units, on="stay_id")
    table = table.join(diagnoses.groupby("stay_id").size().rename("n_diagnoses"), on="stay_id")
    table = table.join(laboratory.groupby("stay_id").size().rename("n_results"), on="stay_id")
    names = ["n_rum", "n_units", "n_diagnoses", "n_results"]
    table[names] = table[names].fillna(0).astype("Int64")
    return table

# %% local_times
def local_times(source, until):
    table = source.convert_dtypes()
    end = table["exit_utc"].fillna(until)
    for name, moment in {"entry_local": table["entry_utc"], "exit_local": end}.items():
        paris = moment.dt.tz_localize("UTC").dt.tz_convert("Europe/Paris")
        table[name] = paris.dt.tz_localize(None)
    days = table["exit_local"].dt.floor("D") - table["entry_local"].dt.floor("D")
    table["nights"] = days.dt.days.astype("Int64")
    table["hours"] = (end - table["entry_utc"]) / pd.Timedelta(hours=1)
    return table.sample(frac=1, random_state=0)

# %% nights_by_unit_month
def nights_by_unit_month(rum_local):
    query = """
        WITH RECURSIVE evenings AS (
            SELECT unit, entry_local::DATE AS evening, exit_local::DATE AS last
            FROM rum_local
            WHERE entry_local::DATE < exit_local::DATE
            UNION ALL
            SELECT unit, evening + 1, last FROM evenings WHERE evening + 1 < last
        )
        SELECT left(evening::VARCHAR, 7) AS month, unit, COUNT(*) AS nights
        FROM evenings GROUP BY ALL
    """
    return sql(query, rum_local=rum_local)

# %% stay_diagnoses
def stay_diagnoses(stays, rum_local, diagnoses):
    dp = diagnoses.loc[diagnoses["role"] == "DP", ["rum_id", "code"]].dropna()
    table = rum_local.merge(dp, on="rum_id").sort_values(["nights", "rank"])
    kept = table.groupby("stay_id")["code"].last()
    n_das = diagnoses[diagnoses["role"] == "DAS"].groupby("stay_id")["code"].nunique()
    return pd.DataFrame(
        {
            "stay_id": stays["stay_id"],
            "dp": stays["stay_id"].map(kept),
            "n_das": stays["stay_id"].map(n_das).fillna(0).astype("Int64"),
        }
    )

# %% first_results
def first_results(stays, laboratory):
    query = """
        SELECT DISTINCT ON (l.stay_id, label) l.*
        FROM laboratory AS l, stays AS s
        WHERE l.stay_id = s.stay_id AND value IS NOT NULL AND NOT sampled_utc < entry_utc
        ORDER BY l.stay_id, label, sampled_utc, result_id
    """
    return sql(query, stays=stays, laboratory=laboratory).convert_dtypes()

# %% stays_mart
def stays_mart(stays_local, counts, coded, firsts):
    blood = firsts[firsts["label"] == "Créatinine"].rename(
        columns={"value": "creatinine", "unit": "creatinine_unit"}
    )
    mart = stays_local.assign(entry_date=stays_local["entry_local"].dt.strftime("%Y-%m-%d"))
    for piece in (counts, coded, blood[["stay_id", "creatinine", "creatinine_unit"]]):
        mart = mart.merge(piece, on="stay_id", how="left", validate="one_to_one")
    return mart.fillna({"n_rum": 0, "n_results": 0, "n_das": 0}).convert_dtypes()

# %% check_mart
def check_mart(mart, stays, rum_local):
    rows = mart["stay_id"].value_counts().reindex(stays["stay_id"], fill_value=0)
    spent = rum_local.groupby("stay_id")["nights"].sum().to_dict()
    known = mart[mart["stay_id"].isin(stays["stay_id"])]
    wrong = {
        stay
        for stay, nights in zip(known["stay_id"], known["nights"])
        if pd.isna(nights) or nights != spent[stay]
    }
    return {
        "lost": (rows == 0).sum(),
        "repeated": np.int64((rows.clip(lower=1) - 1).sum()),
        "unknown": float(len(mart) - len(known)),
        "nights": len(wrong),
    }
