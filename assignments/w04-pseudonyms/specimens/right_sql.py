# ---
# kind: right
# why: "DuckDB where it serves: SQL counts people, links tables, takes ages and midnights."
# ---

# %% minimise
def minimise(table):
    import duckdb

    numbered = table.reset_index(drop=True).reset_index(names="number")
    numbered["exit_mode"] = numbered["exit_mode"].astype(object)
    return duckdb.query("""
        WITH aged AS (
            SELECT *, year(entry_at) - year(birth_date) - CASE
                WHEN 100 * month(entry_at) + day(entry_at) < 100 * month(birth_date) + day(birth_date)
                THEN 1 ELSE 0 END AS age
            FROM numbered
        )
        SELECT pseudonym,
            CASE WHEN age < 18 THEN '0-17' WHEN age < 40 THEN '18-39' WHEN age < 65 THEN '40-64'
                WHEN age < 80 THEN '65-79' WHEN age >= 80 THEN '80+' END AS age_band,
            unit, strftime(entry_at, '%Y-%m') AS entry_month,
            date_diff('day', CAST(entry_at AS DATE), CAST(exit_at AS DATE)) AS nights,
            exit_mode = '8' AS home
        FROM aged ORDER BY number
    """).df()

# %% k_anonymity
def k_anonymity(table, columns):
    import duckdb

    numbered = table.reset_index(drop=True).reset_index(names="number")
    names = ", ".join(columns)
    people = duckdb.query(f"""
        SELECT {names}, count(DISTINCT coalesce(CAST(pseudonym AS VARCHAR), CAST(number AS VARCHAR))) AS people,
            min(coalesce(CAST(pseudonym AS VARCHAR), CAST(number AS VARCHAR))) AS person
        FROM numbered GROUP BY {names}
    """).df()
    if len(people) == 0:
        return 0, 0
    return people["people"].min(), people[people["people"] == 1]["person"].nunique()

# %% link
def link(extract, directory, on):
    import duckdb

    names = ", ".join(on)
    return duckdb.query(f"""
        WITH patients AS (
            SELECT {names}, min(pseudonym) AS pseudonym FROM extract
            GROUP BY {names} HAVING count(DISTINCT pseudonym) = 1
        ), people AS (
            SELECT {names}, min(person) AS person FROM directory
            GROUP BY {names} HAVING count(*) = 1
        )
        SELECT pseudonym, person FROM patients JOIN people USING ({names})
    """).df()
