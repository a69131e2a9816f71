# ---
# kind: wrong
# why: "Fills what is missing: an open stay has 0 nights and is not a return; an unknown age stays out of the wide bands."
# marks:
#   test_minimise_values: 0
#   test_link: 0
#   test_protect: 0
# message:
#   test_minimise_values: "stay still open"
#   test_link: "one pair"
#   test_protect: "missing band"
# ---

# %% minimise
# Zero and False in place of missing.
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
            "entry_month": entry.dt.strftime("%Y-%m"),
            "nights": (leaving.dt.normalize() - entry.dt.normalize()).dt.days.fillna(0),
            "home": [mode == "8" for mode in table["exit_mode"]],
        }
    )

# %% link
# Rows, not people: two stays of a person hide that person.
def link(extract, directory, on):
    """Return the pairs (pseudonym, person) that are alone in both tables."""
    patients = extract[["pseudonym", *on]].dropna()
    patients = patients[~patients.duplicated(on, keep=False)]
    people = directory[["person", *on]].dropna()
    people = people[~people.duplicated(on, keep=False)]
    return patients.merge(people, on=on)[["pseudonym", "person"]]

# %% protect
# groupby leaves missing bands out, and their rows with them.
def protect(table, k=5, max_loss=0.10):
    """Return (protected, step): every group has k people, at the first step that allows it."""
    year, month = table["entry_month"].str[:4], table["entry_month"].str[5:].astype(int)
    quarter = year + "-Q" + ((month + 2) // 3).astype(str)
    wide = dict.fromkeys(BANDS[:3], "0-64") | dict.fromkeys(BANDS[3:], "65+")
    numbers = pd.Series([f"row {i}" for i in range(len(table))], index=table.index)
    for step, period in enumerate((table["entry_month"], quarter, year, year)):
        coarse = table.drop(columns="entry_month").assign(entry_period=period)
        if step == 3:
            coarse["age_band"] = table["age_band"].map(wide)
        person = table["pseudonym"].fillna(numbers)
        groups = coarse.assign(person=person).groupby(
            ["unit", "age_band", "entry_period"]
        )
        kept = coarse[groups["person"].transform("nunique") >= k]
        if len(table) - len(kept) <= max_loss * len(table):
            return kept, step
    raise ValueError("no step keeps enough rows")
