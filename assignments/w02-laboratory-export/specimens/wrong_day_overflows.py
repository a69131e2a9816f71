# ---
# kind: wrong
# why: "Counts days from the first of the month: 31 February becomes 2 March."
# marks: {test_timestamp_edges: 0}
# ---

# %% parse_timestamp
def parse_timestamp(text):
    """Return the Timestamp that `text` says; NaT when missing; ValueError when unreadable."""
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    if "/" in text:
        day, rest = text.split("/", 1)
        start = datetime.strptime(f"01/{rest}", "%d/%m/%Y %H:%M")
        return pd.Timestamp(start) + pd.Timedelta(days=int(day) - 1)
    for name, number in MONTHS.items():
        if f"-{name}-" in text:
            text = text.replace(name, str(number))
            return pd.Timestamp(datetime.strptime(text, "%d-%m-%Y %Hh%M"))
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d %H:%M"))
