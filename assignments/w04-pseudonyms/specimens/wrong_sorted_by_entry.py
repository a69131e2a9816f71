# ---
# kind: wrong
# why: "Sorts the reduced extract by entry; counts groups of the example only."
# marks:
#   test_minimise_columns: 0
#   test_k_anonymity: 0
# message:
#   test_minimise_columns: "no longer on their row"
#   test_k_anonymity: "columns says"
# ---

# %% minimise
# The order of entry is back.
def minimise(table):
    """Return pseudonym, age_band, unit, entry_month, nights and home, one row per row."""
    table = table.sort_values("entry_at")
    birth, entry, leaving = table["birth_date"], table["entry_at"], table["exit_at"]
    day_of_year = 100 * entry.dt.month + entry.dt.day
    birthday_to_come = day_of_year < 100 * birth.dt.month + birth.dt.day
    age = entry.dt.year - birth.dt.year - birthday_to_come

    def band(years):
        if pd.isna(years):
            return None
        reached = [name for name, start in zip(BANDS, (0, 18, 40, 65, 80)) if years >= start]
        return reached[-1]

    return pd.DataFrame(
        {
            "pseudonym": table["pseudonym"],
            "age_band": age.map(band),
            "unit": table["unit"],
            "entry_month": entry.dt.strftime("%Y-%m"),
            "nights": (leaving.dt.normalize() - entry.dt.normalize()).dt.days,
            "home": [None if pd.isna(mode) else mode == "8" for mode in table["exit_mode"]],
        }
    )

# %% k_anonymity
# The quasi-identifiers of the example, whatever is asked.
def k_anonymity(table, columns):
    """Return (k, alone): people in the smallest group, people alone in some group."""
    if len(table) == 0:
        return 0, 0
    numbers = pd.Series([f"row {i}" for i in range(len(table))], index=table.index)
    person = table["pseudonym"].fillna(numbers)
    groups = table.assign(person=person).groupby(["unit", "age_band"], dropna=False)["person"]
    size = groups.transform("nunique")
    return int(size.min()), int(person[size == 1].nunique())
