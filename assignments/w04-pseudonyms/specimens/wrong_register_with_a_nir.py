# ---
# kind: wrong
# why: "Shows how a NIR is written, with a patient's; writes years as numbers."
# marks:
#   test_register_secrecy: 0
#   test_protect: 0
# message:
#   test_register_secrecy: "NIR is in"
#   test_protect: "step 2"
# ---

# %% register_entry
# A NIR as an example.
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
            "Each NIR, such as 2 79 02 2A 123 000, becomes a HMAC-SHA-256",
            "Key and seed in the secret store of IT, held by someone who does not analyse",
            "Groups of at least five people",
        ],
    }

# %% protect
# 2023 is not the text 2023.
def protect(table, k=5, max_loss=0.10):
    """Return (protected, step): every group has k people, at the first step that allows it."""
    year, month = table["entry_month"].str[:4], table["entry_month"].str[5:].astype(int)
    quarter = year + "-Q" + ((month + 2) // 3).astype(str)
    wide = dict.fromkeys(BANDS[:3], "0-64") | dict.fromkeys(BANDS[3:], "65+")
    numbers = pd.Series([f"row {i}" for i in range(len(table))], index=table.index)
    for step, period in enumerate((table["entry_month"], quarter, year.astype(int), year.astype(int))):
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
    raise ValueError("no step keeps enough rows")
