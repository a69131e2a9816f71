# ---
# kind: wrong
# why: "A night is a block of 24 hours; a unit gets the day of exit too; ranks are compared as text."
# marks:
#   test_nights: 0
#   test_nights_units: 0
#   test_nights_months: 0
#   test_dp: 0
#   test_das: 0
# message:
#   test_dp: "égalité"
# ---

# %% local_times
def local_times(source, until):
    query = """
        SELECT *,
            (entry_utc AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Paris' AS entry_local,
            (COALESCE(exit_utc, $until) AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Paris'
                AS exit_local,
            epoch(COALESCE(exit_utc, $until) - entry_utc) / 3600 AS hours,
            FLOOR(hours / 24) AS nights
        FROM source
    """
    return sql(query, {"until": until}, source=source)

# %% nights_by_unit_month
def nights_by_unit_month(rum_local):
    rows = []
    for row in rum_local.itertuples():
        if row.nights > 0:
            for day in pd.date_range(row.entry_local.normalize(), row.exit_local.normalize()):
                rows.append((row.unit, f"{day:%Y-%m}"))
    table = pd.DataFrame(rows, columns=["unit", "month"])
    return table.groupby(["unit", "month"]).size().reset_index(name="nights")

# %% stay_diagnoses
def stay_diagnoses(stays, rum_local, diagnoses):
    query = """
        WITH ranked AS (
            SELECT rum_local.stay_id, code, ROW_NUMBER() OVER (
                PARTITION BY rum_local.stay_id ORDER BY nights DESC, rum_local.rum_id DESC) AS place
            FROM rum_local JOIN diagnoses ON diagnoses.rum_id = rum_local.rum_id
            WHERE role = 'DP' AND code IS NOT NULL
        )
        SELECT stays.stay_id, ANY_VALUE(ranked.code) AS dp,
            COUNT(DISTINCT d.code) FILTER (WHERE role <> 'DP') AS n_das
        FROM stays LEFT JOIN ranked ON ranked.stay_id = stays.stay_id AND place = 1
        LEFT JOIN diagnoses AS d ON d.stay_id = stays.stay_id
        GROUP BY stays.stay_id
    """
    return sql(query, stays=stays, rum_local=rum_local, diagnoses=diagnoses)
