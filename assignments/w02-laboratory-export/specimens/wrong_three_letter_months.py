# ---
# kind: wrong
# why: "Knows a month by its first three letters: June and July are the same."
# marks: {test_timestamp_notations: 0}
# ---

# %% parse_timestamp
def parse_timestamp(text):
    """Return the Timestamp that `text` says; NaT when missing; ValueError when unreadable."""
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    if "/" in text:
        return pd.Timestamp(datetime.strptime(text, "%d/%m/%Y %H:%M"))
    for name, number in MONTHS.items():
        if f"-{name[:3]}" in text:
            text = re.sub("[a-zéû]{3,}", str(number), text)
            return pd.Timestamp(datetime.strptime(text, "%d-%m-%Y %Hh%M"))
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d %H:%M"))
