# ---
# kind: wrong
# why: "Makes a text of every NIR, so that all the unknown are one person; counts them so."
# marks:
#   test_missing_and_refused: 0
#   test_k_anonymity: 0
# message:
#   test_missing_and_refused: "unknown"
#   test_k_anonymity: "two unknown"
# ---

# %% pseudonym
# None is seen to; NaN, blanks and numbers become texts.
def pseudonym(nir, key):
    """Return the 64 hexadecimal characters of a person; None when the NIR is missing."""
    if not isinstance(key, bytes) or len(key) < 32:
        raise ValueError("the key must be at least 32 bytes")
    if nir is None:
        return None
    text = "".join(str(nir).split()).upper()
    if text != "NAN" and len(text) not in (0, 13, 15):
        raise ValueError("a NIR has 13 characters, or 15 with its check key")
    return hmac.new(key, text[:13].encode("utf-8"), hashlib.sha256).hexdigest()

# %% k_anonymity
# All the rows without pseudonym get one name.
def k_anonymity(table, columns):
    """Return (k, alone): people in the smallest group, people alone in some group."""
    if len(table) == 0:
        return 0, 0
    numbers = "unknown"
    person = table["pseudonym"].fillna(numbers)
    groups = table.assign(person=person).groupby(columns, dropna=False)["person"]
    size = groups.transform("nunique")
    return int(size.min()), int(person[size == 1].nunique())
