# ---
# kind: wrong
# why: "Keeps the check key in what is hashed; thinks a quarter begins in March."
# marks:
#   test_same_person: 0
#   test_protect: 0
# message:
#   test_same_person: "check key"
# ---

# %% pseudonym
# The check key stays: 13 and 15 characters are two people.
def pseudonym(nir, key):
    """Return the 64 hexadecimal characters of a person; None when the NIR is missing."""
    if not isinstance(key, bytes) or len(key) < 32:
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
    return hmac.new(key, text.encode("utf-8"), hashlib.sha256).hexdigest()

# %% protect
# Months are counted from 0 by mistake: January and February make a quarter of their own.
def protect(table, k=5, max_loss=0.10):
    """Return (protected, step): every group has k people, at the first step that allows it."""
    year, month = table["entry_month"].str[:4], table["entry_month"].str[5:].astype(int)
    quarter = year + "-Q" + (month // 3 + 1).astype(str)
    wide = dict.fromkeys(BANDS[:3], "0-64") | dict.fromkeys(BANDS[3:], "65+")
    numbers = pd.Series([f"row {i}" for i in range(len(table))], index=table.index)
    for step, period in enumerate((table["entry_month"], quarter, year, year)):
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
