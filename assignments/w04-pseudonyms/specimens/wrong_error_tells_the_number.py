# ---
# kind: wrong
# why: "Quotes the NIR in the error's message; keeps the key in attrs; draws an order that cannot be made again."
# marks:
#   test_missing_and_refused: 0
#   test_pseudonymise_content: 0
#   test_pseudonymise_order: 0
# message:
#   test_missing_and_refused: "logs"
#   test_pseudonymise_content: "attrs"
#   test_pseudonymise_order: "identical"
# ---

# %% pseudonym
# The message is helpful, to everybody who reads the log.
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
        raise ValueError(f"{text} has {len(text)} characters")
    return hmac.new(key, text[:13].encode("utf-8"), hashlib.sha256).hexdigest()

# %% pseudonymise
# attrs is saved with the table.
def pseudonymise(table, key, seed):
    """Return `table` with pseudonyms in place of identities, its rows in another order."""
    codes = [pseudonym(nir, key) for nir in table["nir"]]
    kept = table.drop(columns=list(IDENTIFYING), errors="ignore")
    kept.insert(0, "pseudonym", codes)
    kept.attrs["key"] = key.hex()
    return kept.sample(frac=1).reset_index(drop=True)
