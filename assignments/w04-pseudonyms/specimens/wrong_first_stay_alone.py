# ---
# kind: wrong
# why: "The attack keeps each person's first stay alone; a register whose texts are all x."
# marks:
#   test_link: 0
#   test_register_items: 0
# message:
#   test_link: "first or the last"
#   test_register_items: "three letters"
# ---

# %% link
# drop_duplicates on the pseudonym alone.
def link(extract, directory, on):
    """Return the pairs (pseudonym, person) that are alone in both tables."""
    patients = extract[["pseudonym", *on]].dropna().drop_duplicates("pseudonym")
    patients = patients[~patients.duplicated(on, keep=False)]
    people = directory[["person", *on]].dropna()
    people = people[~people.duplicated(on, keep=False)]
    return patients.merge(people, on=on)[["pseudonym", "person"]]

# %% register_entry
# It fills every item, and says nothing.
def register_entry(extract):
    entry = {name: "x" for name in ("controller", "dpo", "purpose", "people", "transfers")}
    entry["legal_basis"] = "6 9"
    entry["data"] = list(extract.columns)
    entry["recipients"] = ["x"]
    entry["retention_months"] = 1
    entry["security"] = ["x", "x", "x"]
    return entry
