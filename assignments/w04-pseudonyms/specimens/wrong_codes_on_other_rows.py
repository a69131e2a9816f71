# ---
# kind: wrong
# why: "Computes the pseudonyms on the shuffled rows and puts them on the others; drops open stays."
# marks:
#   test_pseudonymise_content: 0
#   test_minimise_columns: 0
# message:
#   test_pseudonymise_content: "row of its person"
#   test_minimise_columns: "open stays"
# ---

# %% pseudonymise
# The codes are those of the old order.
def pseudonymise(table, key, seed):
    """Return `table` with pseudonyms in place of identities, its rows in another order."""
    codes = [pseudonym(nir, key) for nir in table["nir"]]
    kept = table.drop(columns=list(IDENTIFYING), errors="ignore")
    kept = kept.sample(frac=1, random_state=seed).reset_index(drop=True)
    return kept.assign(pseudonym=codes)

# %% minimise
# Stays without exit are dropped.
def minimise(table):
    """Return pseudonym, age_band, unit, entry_month, nights and home, one row per row."""
    table = table.dropna(subset="exit_at")
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
