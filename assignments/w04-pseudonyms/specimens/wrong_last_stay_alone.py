# ---
# kind: wrong
# why: "The attack keeps each person's last stay alone; one measure of security, written three times."
# marks:
#   test_link: 0
#   test_register_items: 0
# message:
#   test_link: "first or the last"
#   test_register_items: "several times"
# ---

# %% link
# The last row of each pseudonym.
def link(extract, directory, on):
    """Return the pairs (pseudonym, person) that are alone in both tables."""
    patients = extract[["pseudonym", *on]].dropna().drop_duplicates("pseudonym", keep="last")
    patients = patients[~patients.duplicated(on, keep=False)]
    people = directory[["person", *on]].dropna()
    people = people[~people.duplicated(on, keep=False)]
    return patients.merge(people, on=on)[["pseudonym", "person"]]

# %% register_entry
# Three times the same, but for its capital.
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
            "Key in the secret store of IT",
            "key in the secret store of IT",
            "Key in the  secret store of IT ",
        ],
    }
