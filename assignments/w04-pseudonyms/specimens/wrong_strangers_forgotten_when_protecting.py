# ---
# kind: wrong
# why: "Counts people without pseudonym in question 4, and forgets them in question 6."
# marks:
#   test_protect: 0
# message:
#   test_protect: "Six patients without"
# ---

# %% protect
# nunique leaves missing pseudonyms out.
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
        person = table["pseudonym"]
        groups = coarse.assign(person=person).groupby(
            ["unit", "age_band", "entry_period"], dropna=False
        )
        kept = coarse[groups["person"].transform("nunique") >= k]
        if len(table) - len(kept) <= max_loss * len(table):
            return kept, step
    raise ValueError("no step keeps enough rows")
