# ---
# kind: wrong
# why: "A WHERE on the right-hand table turns the LEFT JOIN into an INNER one; counts start from rum."
# marks:
#   test_stay_counts_absent: 0
#   test_local_clock: 0
#   test_hours: 0
#   test_dp: 0
#   test_mart_rows: 0
# message:
#   test_mart_rows: "disparu"
# ---

# %% stay_counts
def stay_counts(stays, rum, diagnoses, laboratory):
    table = rum.groupby("stay_id").agg(n_rum=("rum_id", "size"), n_units=("unit", "nunique"))
    table["n_diagnoses"] = diagnoses.groupby("stay_id").size()
    table["n_results"] = laboratory.groupby("stay_id").size()
    return table.fillna(0).reset_index()

# %% local_times
def local_times(source, until):
    query = """
        SELECT *,
            (entry_utc AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Paris' AS entry_local,
            (exit_utc AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Paris' AS exit_local,
            date_diff('day', entry_local::DATE, exit_local::DATE) AS nights,
            epoch(exit_utc - entry_utc) / 3600 AS hours
        FROM source
        WHERE exit_utc <= $until
    """
    return sql(query, {"until": until}, source=source)

# %% stay_diagnoses
def stay_diagnoses(stays, rum_local, diagnoses):
    query = """
        WITH ranked AS (
            SELECT rum_local.stay_id, code, ROW_NUMBER() OVER (
                PARTITION BY rum_local.stay_id ORDER BY nights DESC, rank DESC) AS place
            FROM rum_local JOIN diagnoses ON diagnoses.rum_id = rum_local.rum_id
            WHERE role = 'DP' AND code IS NOT NULL
        ),
        das AS (
            SELECT stay_id, COUNT(DISTINCT code) AS n_das
            FROM diagnoses WHERE role = 'DAS' GROUP BY stay_id
        )
        SELECT stays.stay_id, code AS dp, COALESCE(n_das, 0) AS n_das
        FROM stays LEFT JOIN ranked ON ranked.stay_id = stays.stay_id
        LEFT JOIN das ON das.stay_id = stays.stay_id
        WHERE place = 1
    """
    return sql(query, stays=stays, rum_local=rum_local, diagnoses=diagnoses)

# %% stays_mart
def stays_mart(stays_local, counts, coded, firsts):
    query = """
        SELECT s.stay_id, s.patient_id, s.entry_local::DATE AS entry_date, s.nights, s.hours,
            COALESCE(c.n_rum, 0) AS n_rum, COALESCE(c.n_results, 0) AS n_results,
            d.dp, COALESCE(d.n_das, 0) AS n_das, f.value AS creatinine, f.unit AS creatinine_unit
        FROM stays_local AS s
        LEFT JOIN counts AS c ON c.stay_id = s.stay_id
        LEFT JOIN coded AS d ON d.stay_id = s.stay_id
        LEFT JOIN firsts AS f ON f.stay_id = s.stay_id
        WHERE f.label = 'Créatinine'
    """
    return sql(query, stays_local=stays_local, counts=counts, coded=coded, firsts=firsts)
