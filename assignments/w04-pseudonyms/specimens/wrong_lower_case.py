# ---
# kind: wrong
# why: "Writes every letter in lower case: people stay apart, but the Corsican codes are not those of the project."
# marks:
#   test_secret: 0
# message:
#   test_secret: "joining"
# ---

# %% pseudonym
# One case or the other; the statement says which.
def pseudonym(nir, key):
    """Return the 64 hexadecimal characters of a person; None when the NIR is missing."""
    if not isinstance(key, bytes) or len(key) < 32:
        raise ValueError("the key must be at least 32 bytes")
    if pd.isna(nir):
        return None
    if not isinstance(nir, str):
        raise ValueError("a NIR must be text")
    text = "".join(nir.split()).lower()
    if text == "":
        return None
    if len(text) not in (13, 15):
        raise ValueError("a NIR has 13 characters, or 15 with its check key")
    return hmac.new(key, text[:13].encode("utf-8"), hashlib.sha256).hexdigest()
