# ---
# kind: trap
# why: "Hashes the NIR without its key: it looks random, and a dictionary of plausible NIRs finds people."
# marks:
#   test_secret: 0
# message:
#   test_secret: "dictionary"
# ---

# %% pseudonym
def pseudonym(nir, key):
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
    return hashlib.sha256(text[:13].encode("utf-8")).hexdigest()
