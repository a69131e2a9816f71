# ---
# kind: wrong
# why: "Searches the first digits of the text: the sign goes, so do the thousands."
# marks: {test_parse_number: 0, test_delay_edges: 0}
# ---

# %% parse_number
def parse_number(text):
    if text.strip() in MISSING:
        return float("nan")
    found = re.search(r"\d+([.,]\d+)?", text)
    if not found or found.end() != len(text.rstrip()):
        raise ValueError(text)
    return float(found.group().replace(",", "."))
