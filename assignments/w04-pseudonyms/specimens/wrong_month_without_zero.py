# ---
# kind: wrong
# why: "Writes months without their zero; every discharge but a death is a return home."
# marks:
#   test_minimise_values: 0
#   test_protect: 0
# message:
#   test_minimise_values: "two digits"
#   test_protect: "must be refused"
# ---

# %% minimise
# 2023-4 is not 2023-04.
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
            "entry_month": entry.dt.year.astype(str) + "-" + entry.dt.month.astype(str),
            "nights": (leaving.dt.normalize() - entry.dt.normalize()).dt.days,
            "home": [None if pd.isna(mode) else mode == "8" for mode in table["exit_mode"]],
        }
    )

# %% protect
# Delivers the last step anyway.
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
            ["unit", "age_band", "entry_period"], dropna=False
        )
        kept = coarse[groups["person"].transform("nunique") >= k]
        if len(table) - len(kept) <= max_loss * len(table):
            return kept, step
    return kept, step
