# ---
# kind: wrong
# why: "Writes a NIR read as a number back as text; sorts the rows by NIR; links missing values with each other."
# marks:
#   test_missing_and_refused: 0
#   test_pseudonymise_order: 0
#   test_link: 0
# message:
#   test_missing_and_refused: "read as a number"
#   test_pseudonymise_order: "follows"
#   test_link: "missing values"
# ---

# %% pseudonym
# str(1620738355000) looks right.
def pseudonym(nir, key):
    """Return the 64 hexadecimal characters of a person; None when the NIR is missing."""
    if not isinstance(key, bytes) or len(key) < 32:
        raise ValueError("the key must be at least 32 bytes")
    if pd.isna(nir):
        return None
    if not isinstance(nir, str):
        nir = str(nir)
    text = "".join(nir.split()).upper()
    if text == "":
        return None
    if len(text) not in (13, 15):
        raise ValueError("a NIR has 13 characters, or 15 with its check key")
    return hmac.new(key, text[:13].encode("utf-8"), hashlib.sha256).hexdigest()

# %% pseudonymise
# Another order, but the order of the NIRs.
def pseudonymise(table, key, seed):
    """Return `table` with pseudonyms in place of identities, its rows in another order."""
    table = table.sort_values("nir")
    codes = [pseudonym(nir, key) for nir in table["nir"]]
    kept = table.drop(columns=list(IDENTIFYING), errors="ignore")
    kept.insert(0, "pseudonym", codes)
    return kept.reset_index(drop=True)

# %% link
# merge matches NaN with NaN.
def link(extract, directory, on):
    """Return the pairs (pseudonym, person) that are alone in both tables."""
    patients = extract[["pseudonym", *on]].drop_duplicates()
    patients = patients[~patients.duplicated(on, keep=False)]
    people = directory[["person", *on]]
    people = people[~people.duplicated(on, keep=False)]
    return patients.merge(people, on=on)[["pseudonym", "person"]]
