# ---
# kind: wrong
# why: "Completes short NIRs and cuts long ones; the visit's number stays; the row order is a constant's."
# marks:
#   test_missing_and_refused: 0
#   test_pseudonymise_content: 0
#   test_pseudonymise_order: 0
# message:
#   test_missing_and_refused: "too long"
#   test_pseudonymise_content: "emergency table"
#   test_pseudonymise_order: "depends neither"
# ---

# %% pseudonym
# zfill, then the first 13.
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
    text = text.zfill(13)
    return hmac.new(key, text[:13].encode("utf-8"), hashlib.sha256).hexdigest()

# %% pseudonymise
# The columns of stays, written by hand.
def pseudonymise(table, key, seed):
    """Return `table` with pseudonyms in place of identities, its rows in another order."""
    codes = [pseudonym(nir, key) for nir in table["nir"]]
    kept = table.drop(columns=["nir", "stay_id", "patient_id", "birth_name", "first_name", "comment"], errors="ignore")
    kept.insert(0, "pseudonym", codes)
    return kept.sample(frac=1, random_state=42).reset_index(drop=True)
