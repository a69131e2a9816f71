# ---
# kind: wrong
# why: "Leaves the day of entry in the month; an unknown age is the last band; an empty table is k = 1."
# marks:
#   test_minimise_values: 0
#   test_k_anonymity: 0
# message:
#   test_minimise_values: "the text"
#   test_k_anonymity: "empty"
# ---

# %% minimise
# The day is written with the month.
def minimise(table):
    """Return pseudonym, age_band, unit, entry_month, nights and home, one row per row."""
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
            "entry_month": entry.dt.strftime("%Y-%m-%d"),
            "nights": (leaving.dt.normalize() - entry.dt.normalize()).dt.days,
            "home": [None if pd.isna(mode) else mode == "8" for mode in table["exit_mode"]],
        }
    )

# %% k_anonymity
# Nobody is in it, so that nobody is at risk.
def k_anonymity(table, columns):
    """Return (k, alone): people in the smallest group, people alone in some group."""
    if len(table) == 0:
        return 1, 0
    numbers = pd.Series([f"row {i}" for i in range(len(table))], index=table.index)
    person = table["pseudonym"].fillna(numbers)
    groups = table.assign(person=person).groupby(columns, dropna=False)["person"]
    size = groups.transform("nunique")
    return int(size.min()), int(person[size == 1].nunique())
