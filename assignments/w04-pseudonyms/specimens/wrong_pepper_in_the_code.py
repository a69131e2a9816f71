# ---
# kind: wrong
# why: "Hashes with a word written in the code and never uses the key; letters as they come."
# marks:
#   test_same_person: 0
#   test_secret: 0
# message:
#   test_secret: "Two projects"
# ---

# %% pseudonym
# The secret word is in the code, the same for every project.
def pseudonym(nir, key):
    """Return the 64 hexadecimal characters of a person; None when the NIR is missing."""
    if not isinstance(key, bytes) or len(key) < 32:
        raise ValueError("the key must be at least 32 bytes")
    if pd.isna(nir):
        return None
    if not isinstance(nir, str):
        raise ValueError("a NIR must be text")
    text = "".join(nir.split()).replace("2a", "2A")
    if text == "":
        return None
    if len(text) not in (13, 15):
        raise ValueError("a NIR has 13 characters, or 15 with its check key")
    return hashlib.sha256(f"our-hospital{text[:13]}".encode()).hexdigest()
