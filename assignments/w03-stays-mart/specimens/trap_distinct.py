# ---
# kind: trap
# why: "DISTINCT hides the fan-out: rows and nights that really are alike go with it."
# marks:
#   test_stay_counts: 0
#   test_nights_units: 0
# message:
#   test_nights_units: "somme"
# ---

# %% stay_counts
def stay_counts(stays, rum, diagnoses, laboratory):
    query = """
        SELECT
            s.stay_id,
            COUNT(DISTINCT r.rum_id) AS n_rum,
            COUNT(DISTINCT r.unit) AS n_units,
            COUNT(DISTINCT (d.rum_id, d.role, d.code))
                FILTER (WHERE d.rum_id IS NOT NULL) AS n_diagnoses,
            COUNT(DISTINCT l.result_id) AS n_results
        FROM stays AS s
        LEFT JOIN rum AS r ON r.stay_id = s.stay_id
        LEFT JOIN diagnoses AS d ON d.stay_id = s.stay_id
        LEFT JOIN laboratory AS l ON l.stay_id = s.stay_id
        GROUP BY s.stay_id
    """
    return sql(query, stays=stays, rum=rum, diagnoses=diagnoses, laboratory=laboratory)

# %% nights_by_unit_month
def nights_by_unit_month(rum_local):
    query = """
        WITH evenings AS (
            SELECT rum_id, stay_id, unit, unnest(
                generate_series(entry_local::DATE, exit_local::DATE - 1, INTERVAL 1 DAY)
            ) AS evening
            FROM rum_local
        ),
        parts AS (
            SELECT rum_id, stay_id, unit, strftime(evening, '%Y-%m') AS month, COUNT(*) AS spent
            FROM evenings
            GROUP BY ALL
        ),
        clean AS (SELECT DISTINCT stay_id, unit, month, spent FROM parts)
        SELECT unit, month, SUM(spent) AS nights FROM clean GROUP BY ALL
    """
    return sql(query, rum_local=rum_local)
