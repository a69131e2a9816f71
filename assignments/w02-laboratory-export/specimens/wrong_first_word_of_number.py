# ---
# kind: wrong
# why: "Takes the first word of the text, hence the thousands alone."
# marks: {test_parse_number: 0, test_delay_edges: 0}
# ---

# %% parse_number
def parse_number(text):
    """Return the float that `text` says; NaN when missing; ValueError when unreadable."""
    if text.strip() in MISSING:
        return float("nan")
    return float(text.split()[0].replace(",", "."))
