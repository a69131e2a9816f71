# ---
# kind: wrong
# why: "Takes only an empty cell for a missing date."
# marks: {test_timestamp_edges: 0}
# ---

# %% parse_timestamp
def parse_timestamp(text):
    """Return the Timestamp that `text` says; NaT when missing; ValueError when unreadable."""
    text = text.strip()
    if text == "":
        return pd.NaT
    if "/" in text:
        return pd.Timestamp(datetime.strptime(text, "%d/%m/%Y %H:%M"))
    for name, number in MONTHS.items():
        if f"-{name}-" in text:
            text = text.replace(name, str(number))
            return pd.Timestamp(datetime.strptime(text, "%d-%m-%Y %Hh%M"))
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d %H:%M"))
