# ---
# kind: wrong
# why: "Leaves the free text and its names; keeps the sex, which nobody asked for; a night is 24 hours."
# marks:
#   test_pseudonymise_content: 0
#   test_minimise_columns: 0
#   test_minimise_values: 0
# message:
#   test_pseudonymise_content: "identity stays"
#   test_minimise_columns: "need"
#   test_minimise_values: "midnight"
# ---

# %% pseudonymise
# comment is not a number, so it is thought harmless.
def pseudonymise(table, key, seed):
    """Return `table` with pseudonyms in place of identities, its rows in another order."""
    codes = [pseudonym(nir, key) for nir in table["nir"]]
    kept = table.drop(columns=list(IDENTIFYING[:-1]), errors="ignore")
    kept.insert(0, "pseudonym", codes)
    return kept.sample(frac=1, random_state=seed).reset_index(drop=True)

# %% minimise
# Sex may be useful some day.
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
            "sex": table["sex"],
            "entry_month": entry.dt.strftime("%Y-%m"),
            "nights": (leaving - entry).dt.days,
            "home": [None if pd.isna(mode) else mode == "8" for mode in table["exit_mode"]],
        }
    )
