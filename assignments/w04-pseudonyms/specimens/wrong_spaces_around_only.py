# ---
# kind: wrong
# why: "Takes off the spaces around the NIR; counts rows as if they were people."
# marks:
#   test_same_person: 0
#   test_k_anonymity: 0
# message:
#   test_k_anonymity: "count the people"
# ---

# %% pseudonym
# strip leaves the spaces in the middle; only the ordinary ones are then replaced.
def pseudonym(nir, key):
    """Return the 64 hexadecimal characters of a person; None when the NIR is missing."""
    if not isinstance(key, bytes) or len(key) < 32:
        raise ValueError("the key must be at least 32 bytes")
    if pd.isna(nir):
        return None
    if not isinstance(nir, str):
        raise ValueError("a NIR must be text")
    text = nir.strip().replace(" ", "").upper()
    if text == "":
        return None
    if len(text) not in (13, 15):
        raise ValueError("a NIR has 13 characters, or 15 with its check key")
    return hmac.new(key, text[:13].encode("utf-8"), hashlib.sha256).hexdigest()

# %% k_anonymity
# size counts the stays of one person as so many people.
def k_anonymity(table, columns):
    """Return (k, alone): people in the smallest group, people alone in some group."""
    if len(table) == 0:
        return 0, 0
    numbers = pd.Series([f"row {i}" for i in range(len(table))], index=table.index)
    person = table["pseudonym"].fillna(numbers)
    groups = table.assign(person=person).groupby(columns, dropna=False)["person"]
    size = groups.transform("size")
    return int(size.min()), int(person[size == 1].nunique())
