# ---
# kind: right
# why: "SQL with other idioms: duckdb.sql, subqueries, a calendar, arg_min, anti-joins."
# ---

# %% stays_by_provenance
def stays_by_provenance(stays):
    return duckdb.sql("""
        SELECT provenance, COUNT(*) AS n_stays,
            SUM(CASE WHEN exit_utc IS NULL THEN 0 ELSE 1 END) AS n_closed,
            COUNT(*) - COUNT(CASE WHEN exit_mode = '8' THEN 1 END) AS n_not_home
        FROM stays GROUP BY ALL
    """).df()

# %% stay_counts
connection = duckdb.connect()


def stay_counts(stays, rum, diagnoses, laboratory):
    return connection.execute("""
        SELECT stay_id,
            (SELECT COUNT(*) FROM rum AS r WHERE r.stay_id = s.stay_id) AS n_rum,
            (SELECT COUNT(DISTINCT unit) FROM rum AS r WHERE r.stay_id = s.stay_id) AS n_units,
            (SELECT COUNT(*) FROM diagnoses AS d WHERE d.stay_id = s.stay_id) AS n_diagnoses,
            (SELECT COUNT(*) FROM laboratory AS l WHERE l.stay_id = s.stay_id) AS n_results
        FROM stays AS s
    """).fetchdf()

# %% local_times
def local_times(source, until):
    with duckdb.connect() as base:
        base.register("source", source)
        return base.execute(
            """
            SELECT *,
                timezone('Europe/Paris', timezone('UTC', entry_utc)) AS entry_local,
                timezone('Europe/Paris', timezone('UTC', COALESCE(exit_utc, ?))) AS exit_local,
                CAST(exit_local AS DATE) - CAST(entry_local AS DATE) AS nights,
                date_diff('minute', entry_utc, COALESCE(exit_utc, ?)) / 60.0 AS hours
            FROM source
            """,
            [until, until],
        ).df()

# %% nights_by_unit_month
def nights_by_unit_month(rum_local):
    query = """
        WITH calendar AS (
            SELECT CAST(evening AS DATE) AS evening FROM generate_series(
                (SELECT MIN(entry_local)::DATE FROM rum_local),
                (SELECT MAX(exit_local)::DATE FROM rum_local), INTERVAL 1 DAY
            ) AS days(evening)
        )
        SELECT unit, strftime(evening, '%Y-%m') AS month, COUNT(*) AS nights
        FROM calendar
        JOIN rum_local ON entry_local::DATE <= evening AND evening < exit_local::DATE
        GROUP BY 1, 2
    """
    return sql(query, rum_local=rum_local)

# %% stay_diagnoses
def stay_diagnoses(stays, rum_local, diagnoses):
    query = """
        WITH coded AS (
            SELECT r.stay_id, d.code, r.nights * 1000 + r.rank AS weight
            FROM rum_local AS r JOIN diagnoses AS d USING (rum_id)
            WHERE d.role = 'DP' AND d.code IS NOT NULL
        ),
        das AS (
            SELECT DISTINCT stay_id, code FROM diagnoses WHERE role = 'DAS' AND code IS NOT NULL
        )
        SELECT stay_id,
            (SELECT arg_max(code, weight) FROM coded WHERE coded.stay_id = stays.stay_id) AS dp,
            (SELECT COUNT(*) FROM das WHERE das.stay_id = stays.stay_id) AS n_das
        FROM stays
    """
    return sql(query, stays=stays, rum_local=rum_local, diagnoses=diagnoses)

# %% first_results
def first_results(stays, laboratory):
    return duckdb.sql("""
        WITH good AS (
            SELECT laboratory.* FROM laboratory SEMI JOIN stays
            ON laboratory.stay_id = stays.stay_id AND sampled_utc >= entry_utc
            WHERE value IS NOT NULL
        )
        SELECT * EXCLUDE (result_id) FROM good AS g WHERE NOT EXISTS (
            SELECT 1 FROM good AS other
            WHERE other.stay_id = g.stay_id AND other.label = g.label
            AND (other.sampled_utc < g.sampled_utc
                 OR (other.sampled_utc = g.sampled_utc AND other.result_id < g.result_id))
        )
    """).df()

# %% stays_mart
def stays_mart(stays_local, counts, coded, firsts):
    blood = sql("SELECT * FROM firsts WHERE label = 'Créatinine'", firsts=firsts)
    return duckdb.sql("""
        SELECT stay_id, patient_id, date_trunc('day', entry_local) AS entry_date, nights, hours,
            IFNULL(n_rum, 0) AS n_rum, IFNULL(n_results, 0) AS n_results,
            dp, IFNULL(n_das, 0) AS n_das, value AS creatinine, unit AS creatinine_unit
        FROM stays_local LEFT JOIN counts USING (stay_id) LEFT JOIN coded USING (stay_id)
        LEFT JOIN blood USING (stay_id)
    """).df()

# %% check_mart
def check_mart(mart, stays, rum_local):
    tables = {"mart": mart, "stays": stays, "rum_local": rum_local}
    known = "SELECT mart.stay_id, nights FROM mart SEMI JOIN stays USING (stay_id)"
    queries = {
        "lost": "SELECT COUNT(*) FROM stays ANTI JOIN mart USING (stay_id)",
        "repeated": f"SELECT COUNT(*) - COUNT(DISTINCT stay_id) FROM ({known})",
        "unknown": "SELECT COUNT(*) FROM mart ANTI JOIN stays USING (stay_id)",
        "nights": f"""
            SELECT COUNT(DISTINCT k.stay_id) FROM ({known}) AS k
            LEFT JOIN (SELECT stay_id, SUM(nights) AS spent FROM rum_local GROUP BY 1) AS r
            ON r.stay_id = k.stay_id
            WHERE k.nights IS DISTINCT FROM COALESCE(spent, 0)
        """,
    }
    return {name: sql(query, **tables).iloc[0, 0] for name, query in queries.items()}
