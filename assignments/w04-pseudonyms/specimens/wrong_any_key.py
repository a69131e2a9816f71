# ---
# kind: wrong
# why: "Takes any key that is not empty; loses the rows without a NIR and the groups with a missing value."
# marks:
#   test_missing_and_refused: 0
#   test_pseudonymise_content: 0
#   test_k_anonymity: 0
# message:
#   test_missing_and_refused: "too short"
#   test_pseudonymise_content: "without a NIR"
#   test_k_anonymity: "Missing values"
# ---

# %% pseudonym
# A text or three bytes do.
def pseudonym(nir, key):
    """Return the 64 hexadecimal characters of a person; None when the NIR is missing."""
    if not key:
        raise ValueError("the key must be at least 32 bytes")
    if pd.isna(nir):
        return None
    if not isinstance(nir, str):
        raise ValueError("a NIR must be text")
    text = "".join(nir.split()).upper()
    if text == "":
        return None
    if len(text) not in (13, 15):
        raise ValueError("a NIR has 13 characters, or 15 with its check key")
    return hmac.new(key if isinstance(key, bytes) else key.encode(), text[:13].encode("utf-8"), hashlib.sha256).hexdigest()

# %% pseudonymise
# dropna first.
def pseudonymise(table, key, seed):
    """Return `table` with pseudonyms in place of identities, its rows in another order."""
    table = table.dropna(subset="nir")
    codes = [pseudonym(nir, key) for nir in table["nir"]]
    kept = table.drop(columns=list(IDENTIFYING), errors="ignore")
    kept.insert(0, "pseudonym", codes)
    return kept.sample(frac=1, random_state=seed).reset_index(drop=True)

# %% k_anonymity
# groupby leaves missing values out.
def k_anonymity(table, columns):
    """Return (k, alone): people in the smallest group, people alone in some group."""
    if len(table) == 0:
        return 0, 0
    numbers = pd.Series([f"row {i}" for i in range(len(table))], index=table.index)
    person = table["pseudonym"].fillna(numbers)
    groups = table.assign(person=person).groupby(columns)["person"]
    size = groups.transform("nunique")
    return int(size.min()), int(person[size == 1].nunique())
