# ---
# kind: wrong
# why: "Turns whatever cannot be read into zero, absences with spaces included."
# marks: {test_parse_number: 0}
# ---

# %% parse_number
def parse_number(text):
    if text in MISSING:
        return float("nan")
    try:
        return float("".join(text.split()).replace(",", "."))
    except ValueError:
        return 0.0
