# ---
# kind: wrong
# why: "Writes the key in the register so that it is not lost; one article of the two."
# marks:
#   test_register_items: 0
#   test_register_secrecy: 0
# message:
#   test_register_items: "both articles"
#   test_register_secrecy: "key is in"
# ---

# %% register_entry
# The register is read by many.
def register_entry(extract):
    """Return the entry of this processing in the record of processing activities."""
    return {
        "controller": "University hospital, medical information department",
        "dpo": "Data protection office of the hospital, by its generic mailbox",
        "purpose": "Nights and returns home by unit, period and age, for the pathways team",
        "legal_basis": "GDPR article 6(1)(e), public task",
        "people": "Patients with a stay in the hospital in the period of the study",
        "data": list(extract.columns),
        "recipients": ["Pathways team of the hospital"],
        "transfers": "None outside the European Union",
        "retention_months": 12,
        "security": [
            "Pseudonyms by HMAC-SHA-256, key drawn for this project alone",
            f"Key: {KEY.hex()}",
            "Groups of at least five people",
        ],
    }
