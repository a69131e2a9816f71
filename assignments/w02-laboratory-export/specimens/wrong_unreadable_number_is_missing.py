# ---
# kind: wrong
# why: "Returns NaN for an unreadable text, as if nothing had been written."
# marks: {test_parse_number: 0}
# message:
#   test_parse_number: "ValueError"
# ---

# %% parse_number
def parse_number(text):
    try:
        return float("".join(text.split()).replace(",", "."))
    except ValueError:
        return float("nan")
