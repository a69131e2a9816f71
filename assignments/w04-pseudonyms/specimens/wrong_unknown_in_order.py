# ---
# kind: wrong
# why: "Sorts by pseudonym, which leaves the rows without NIR as they came, at the end."
# marks:
#   test_pseudonymise_order: 0
# message:
#   test_pseudonymise_order: "without a NIR"
# ---

# %% pseudonymise
# The keyed order of the others hides nothing of these.
def pseudonymise(table, key, seed):
    """Return `table` with pseudonyms in place of identities, its rows in another order."""
    codes = [pseudonym(nir, key) for nir in table["nir"]]
    kept = table.drop(columns=list(IDENTIFYING), errors="ignore")
    kept.insert(0, "pseudonym", codes)
    return kept.sort_values("pseudonym", kind="stable").reset_index(drop=True)
