# ---
# kind: wrong
# why: "Keeps the digits alone, so that 2A and 2B are one department; joins key and text instead of a HMAC."
# marks:
#   test_same_person: 0
#   test_secret: 0
# message:
#   test_same_person: "Two different NIRs"
#   test_secret: "joining"
# ---

# %% pseudonym
# Corsica's letter becomes a zero; the key is glued to the text.
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
    digits = re.sub("[A-Z]", "0", text[:13])
    return hashlib.sha256(key + digits.encode("utf-8")).hexdigest()
