# ---
# kind: wrong
# why: "UTC is taken for the time of Paris; nights all in the month of the entry; earliest number, not time."
# marks:
#   test_local_clock: 0
#   test_nights: 0
#   test_nights_months: 0
#   test_first_moment: 0
#   test_first_ties: 0
# ---

# %% local_times
def local_times(source, until):
    table = source.copy()
    end = table["exit_utc"].fillna(until)
    for name, moment in {"entry_local": table["entry_utc"], "exit_local": end}.items():
        table[name] = moment
    days = table["exit_local"].dt.normalize() - table["entry_local"].dt.normalize()
    table["nights"] = days.dt.days
    table["hours"] = (end - table["entry_utc"]).dt.total_seconds() / 3600
    return table

# %% nights_by_unit_month
def nights_by_unit_month(rum_local):
    table = rum_local.assign(month=rum_local["entry_local"].dt.strftime("%Y-%m"))
    table = table.groupby(["unit", "month"], as_index=False)["nights"].sum()
    return table[table["nights"] > 0]

# %% first_results
def first_results(stays, laboratory):
    query = """
        SELECT laboratory.stay_id, label, value, unit, sampled_utc
        FROM laboratory JOIN stays ON stays.stay_id = laboratory.stay_id
        WHERE value IS NOT NULL AND sampled_utc >= entry_utc
        QUALIFY ROW_NUMBER() OVER (
            PARTITION BY laboratory.stay_id, label ORDER BY result_id) = 1
    """
    return sql(query, stays=stays, laboratory=laboratory)
