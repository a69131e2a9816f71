# ---
# kind: wrong
# why: "Measures that name no key; each step of protect starts from what the step before left."
# marks:
#   test_register_items: 0
#   test_protect: 0
# message:
#   test_register_items: "names the key"
#   test_protect: "starts again"
# ---

# %% register_entry
# Not a word of the key.
def register_entry(extract):
    """Return the entry of this processing in the record of processing activities."""
    return {
        "controller": "University hospital, medical information department",
        "dpo": "Data protection office of the hospital, by its generic mailbox",
        "purpose": "Nights and returns home by unit, period and age, for the pathways team",
        "legal_basis": "GDPR article 6(1)(e), public task; article 9(2)(h), managing care",
        "people": "Patients with a stay in the hospital in the period of the study",
        "data": list(extract.columns),
        "recipients": ["Pathways team of the hospital"],
        "transfers": "None outside the European Union",
        "retention_months": 12,
        "security": [
            "Pseudonyms by HMAC-SHA-256",
            "Named accesses, written in a log",
            "Groups of at least five people, in an article of the record",
        ],
    }

# %% protect
# What one step suppressed is lost for the next.
def protect(table, k=5, max_loss=0.10):
    """Return (protected, step): every group has k people, at the first step that allows it."""
    wide = dict.fromkeys(BANDS[:3], "0-64") | dict.fromkeys(BANDS[3:], "65+")
    received = len(table)
    for step in range(4):
        numbers = pd.Series([f"row {i}" for i in range(len(table))], index=table.index)
        year, month = table["entry_month"].str[:4], table["entry_month"].str[5:].astype(int)
        quarter = year + "-Q" + ((month + 2) // 3).astype(str)
        period = (table["entry_month"], quarter, year, year)[step]
        coarse = table.drop(columns="entry_month").assign(entry_period=period)
        if step == 3:
            coarse["age_band"] = table["age_band"].map(wide)
        person = table["pseudonym"].fillna(numbers)
        groups = coarse.assign(person=person).groupby(
            ["unit", "age_band", "entry_period"], dropna=False
        )
        kept = coarse[groups["person"].transform("nunique") >= k]
        if received - len(kept) <= max_loss * received:
            return kept, step
        table = table.loc[kept.index]
    raise ValueError("no step keeps enough rows")
