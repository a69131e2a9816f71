# ---
# kind: wrong
# why: "Takes off ordinary spaces alone; fails where a column is not there; returns k without the people alone. Each is paid for once."
# marks:
#   test_same_person: 0
#   test_pseudonymise_content: 0
#   test_k_anonymity: 0
# message:
#   test_same_person: "non-breaking"
#   test_k_anonymity: "two numbers"
# ---

# %% pseudonym
# replace knows one space.
def pseudonym(nir, key):
    """Return the 64 hexadecimal characters of a person; None when the NIR is missing."""
    if not isinstance(key, bytes) or len(key) < 32:
        raise ValueError("the key must be at least 32 bytes")
    if pd.isna(nir):
        return None
    if not isinstance(nir, str):
        raise ValueError("a NIR must be text")
    text = nir.replace(" ", "").upper()
    if text == "":
        return None
    if len(text) not in (13, 15):
        raise ValueError("a NIR has 13 characters, or 15 with its check key")
    return hmac.new(key, text[:13].encode("utf-8"), hashlib.sha256).hexdigest()

# %% pseudonymise
# Some tables have no visit_id.
def pseudonymise(table, key, seed):
    """Return `table` with pseudonyms in place of identities, its rows in another order."""
    codes = [pseudonym(nir, key) for nir in table["nir"]]
    kept = table.drop(columns=list(IDENTIFYING))
    kept.insert(0, "pseudonym", codes)
    return kept.sample(frac=1, random_state=seed).reset_index(drop=True)

# %% k_anonymity
# One number of the two.
def k_anonymity(table, columns):
    """Return (k, alone): people in the smallest group, people alone in some group."""
    if len(table) == 0:
        return 0
    numbers = pd.Series([f"row {i}" for i in range(len(table))], index=table.index)
    person = table["pseudonym"].fillna(numbers)
    groups = table.assign(person=person).groupby(columns, dropna=False)["person"]
    size = groups.transform("nunique")
    return int(size.min())
