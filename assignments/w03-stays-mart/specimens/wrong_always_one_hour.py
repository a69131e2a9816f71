# ---
# kind: wrong
# why: "Adds one hour all the year round; a night is of its morning's month; the first RUM gives the DP."
# marks:
#   test_local_clock: 0
#   test_nights_months: 0
#   test_dp: 0
#   test_das: 0
# message:
#   test_local_clock: "UTC"
# ---

# %% local_times
def local_times(source, until):
    table = source.copy()
    end = table["exit_utc"].fillna(until)
    for name, moment in {"entry_local": table["entry_utc"], "exit_local": end}.items():
        table[name] = moment + pd.Timedelta(hours=1)
    days = table["exit_local"].dt.normalize() - table["entry_local"].dt.normalize()
    table["nights"] = days.dt.days
    table["hours"] = (end - table["entry_utc"]).dt.total_seconds() / 3600
    return table

# %% nights_by_unit_month
def nights_by_unit_month(rum_local):
    query = """
        WITH mornings AS (
            SELECT unit, unnest(
                generate_series(entry_local::DATE + 1, exit_local::DATE, INTERVAL 1 DAY)
            ) AS morning
            FROM rum_local
        )
        SELECT unit, strftime(morning, '%Y-%m') AS month, COUNT(*) AS nights
        FROM mornings GROUP BY ALL
    """
    return sql(query, rum_local=rum_local)

# %% stay_diagnoses
def stay_diagnoses(stays, rum_local, diagnoses):
    query = """
        SELECT s.stay_id,
            ANY_VALUE(d.code) FILTER (WHERE d.role = 'DP' AND r.rank = 1) AS dp,
            COUNT(d.code) FILTER (WHERE d.role = 'DAS') AS n_das
        FROM stays AS s
        LEFT JOIN rum_local AS r ON r.stay_id = s.stay_id
        LEFT JOIN diagnoses AS d ON d.rum_id = r.rum_id
        GROUP BY s.stay_id
    """
    return sql(query, stays=stays, rum_local=rum_local, diagnoses=diagnoses)
