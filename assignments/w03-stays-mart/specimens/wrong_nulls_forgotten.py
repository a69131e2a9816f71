# ---
# kind: wrong
# why: "NULL is taken for a value that differs, or that a group keeps: those who are there vanish."
# marks:
#   test_provenance_counts: 0
#   test_not_home: 0
#   test_hours: 0
#   test_dp: 0
#   test_das: 0
#   test_first_ties: 0
#   test_check_rows: 0
#   test_check_nights: 0
# message:
#   test_provenance_counts: "somme"
#   test_not_home: "NULL"
# ---

# %% stays_by_provenance
def stays_by_provenance(stays):
    query = """
        SELECT provenance, COUNT(*) AS n_stays, COUNT(exit_utc) AS n_closed,
            SUM(CASE WHEN exit_mode <> '8' THEN 1 ELSE 0 END) AS n_not_home
        FROM stays
        WHERE provenance <> ''
        GROUP BY provenance
    """
    return sql(query, stays=stays)

# %% local_times
def local_times(source, until):
    table = source.copy()
    for name in ("entry", "exit"):
        paris = table[f"{name}_utc"].dt.tz_localize("UTC").dt.tz_convert("Europe/Paris")
        table[f"{name}_local"] = paris.dt.tz_localize(None)
    days = table["exit_local"].dt.normalize() - table["entry_local"].dt.normalize()
    table["nights"] = days.dt.days
    table["hours"] = (table["exit_utc"] - table["entry_utc"]).dt.total_seconds() / 3600
    return table

# %% stay_diagnoses
def stay_diagnoses(stays, rum_local, diagnoses):
    query = """
        WITH ranked AS (
            SELECT rum_local.stay_id, code, ROW_NUMBER() OVER (
                PARTITION BY rum_local.stay_id ORDER BY nights DESC, rank DESC) AS place
            FROM rum_local LEFT JOIN diagnoses
            ON diagnoses.rum_id = rum_local.rum_id AND role = 'DP'
        ),
        das AS (
            SELECT stay_id, COUNT(DISTINCT COALESCE(code, 'absent')) AS n_das
            FROM diagnoses WHERE role = 'DAS' GROUP BY stay_id
        )
        SELECT stays.stay_id, code AS dp, COALESCE(n_das, 0) AS n_das
        FROM stays LEFT JOIN ranked ON ranked.stay_id = stays.stay_id AND place = 1
        LEFT JOIN das ON das.stay_id = stays.stay_id
    """
    return sql(query, stays=stays, rum_local=rum_local, diagnoses=diagnoses)

# %% first_results
def first_results(stays, laboratory):
    query = """
        SELECT laboratory.stay_id, label, value, unit, sampled_utc
        FROM laboratory JOIN stays ON stays.stay_id = laboratory.stay_id
        WHERE sampled_utc >= entry_utc
        QUALIFY ROW_NUMBER() OVER (
            PARTITION BY laboratory.stay_id, label ORDER BY sampled_utc, result_id) = 1
    """
    return sql(query, stays=stays, laboratory=laboratory)

# %% check_mart
def check_mart(mart, stays, rum_local):
    query = """
        SELECT
            (SELECT COUNT(*) FROM stays WHERE stay_id NOT IN (SELECT stay_id FROM mart)) AS lost,
            (SELECT COUNT(stay_id) - COUNT(DISTINCT stay_id) FROM mart) AS repeated,
            (SELECT COUNT(*) FROM mart WHERE stay_id NOT IN (SELECT stay_id FROM stays)) AS unknown,
            (SELECT COUNT(DISTINCT mart.stay_id) FROM mart JOIN (
                SELECT stay_id, SUM(nights) AS spent FROM rum_local GROUP BY stay_id
            ) AS r ON r.stay_id = mart.stay_id WHERE mart.nights <> r.spent) AS nights
    """
    return sql(query, mart=mart, stays=stays, rum_local=rum_local).iloc[0].to_dict()
