# ---
# kind: wrong
# why: "Hours are subtracted on the clocks of Paris; the first unit gets the whole stay; groups lose columns."
# marks:
#   test_hours: 0
#   test_nights_units: 0
#   test_first_moment: 0
#   test_check_rows: 0
#   test_check_nights: 0
# message:
#   test_nights_units: "unité"
# ---

# %% local_times
def local_times(source, until):
    table = source.copy()
    end = table["exit_utc"].fillna(until)
    for name, moment in {"entry_local": table["entry_utc"], "exit_local": end}.items():
        paris = moment.dt.tz_localize("UTC").dt.tz_convert("Europe/Paris")
        table[name] = paris.dt.tz_localize(None)
    days = table["exit_local"].dt.normalize() - table["entry_local"].dt.normalize()
    table["nights"] = days.dt.days
    table["hours"] = (table["exit_local"] - table["entry_local"]).dt.total_seconds() / 3600
    return table

# %% nights_by_unit_month
def nights_by_unit_month(rum_local):
    first = rum_local[rum_local["rank"] == 1].set_index("stay_id")["unit"]
    table = rum_local[rum_local["nights"] > 0].copy()
    table["unit"] = table["stay_id"].map(first)
    table["evening"] = [
        list(pd.date_range(entry.normalize(), periods=nights))
        for entry, nights in zip(table["entry_local"], table["nights"])
    ]
    table = table.explode("evening")
    table["month"] = pd.to_datetime(table["evening"]).dt.strftime("%Y-%m")
    return table.groupby(["unit", "month"]).size().reset_index(name="nights")

# %% first_results
def first_results(stays, laboratory):
    table = laboratory.merge(stays, on="stay_id").sort_values(["sampled_utc", "result_id"])
    table = table[table["value"].notna()].groupby(["stay_id", "label"], as_index=False).first()
    return table[["stay_id", "label", "value", "unit", "sampled_utc"]]

# %% check_mart
def check_mart(mart, stays, rum_local):
    gap = len(mart) - len(stays)
    return {
        "lost": max(0, -gap),
        "repeated": max(0, gap),
        "unknown": int((~mart["stay_id"].isin(stays["stay_id"])).sum()),
        "nights": int(abs(mart["nights"].sum() - rum_local["nights"].sum())),
    }
