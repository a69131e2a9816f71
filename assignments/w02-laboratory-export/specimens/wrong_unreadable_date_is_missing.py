# ---
# kind: wrong
# why: "Returns NaT for a text that is no date, as if the cell had been empty."
# marks: {test_timestamp_edges: 0}
# message:
#   test_timestamp_edges: "ValueError"
# ---

# %% parse_timestamp
def parse_timestamp(text):
    """Return the Timestamp that `text` says; NaT when missing; ValueError when unreadable."""
    text = text.strip()
    if text in MISSING or not any(character.isdigit() for character in text):
        return pd.NaT
    if "/" in text:
        return pd.Timestamp(datetime.strptime(text, "%d/%m/%Y %H:%M"))
    for name, number in MONTHS.items():
        if f"-{name}-" in text:
            text = text.replace(name, str(number))
            return pd.Timestamp(datetime.strptime(text, "%d-%m-%Y %Hh%M"))
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d %H:%M"))
