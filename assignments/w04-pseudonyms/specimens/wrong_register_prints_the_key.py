# ---
# kind: wrong
# why: "Formats the key into a measure, as Python shows bytes; counts on an index that begins at 0."
# marks:
#   test_register_secrecy: 0
#   test_k_anonymity: 0
# message:
#   test_register_secrecy: "key is in"
#   test_k_anonymity: "does not begin at 0"
# ---

# %% register_entry
# bytes in an f-string.
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
            f"HMAC-SHA-256 with the key {KEY}",
            "Named accesses, written in a log",
            "Groups of at least five people",
        ],
    }

# %% k_anonymity
# fillna aligns on the index.
def k_anonymity(table, columns):
    """Return (k, alone): people in the smallest group, people alone in some group."""
    if len(table) == 0:
        return 0, 0
    numbers = pd.Series([f"row {i}" for i in range(len(table))])
    person = table["pseudonym"].fillna(numbers)
    groups = table.assign(person=person).groupby(columns, dropna=False)["person"]
    size = groups.transform("nunique")
    return int(size.min()), int(person[size == 1].nunique())
