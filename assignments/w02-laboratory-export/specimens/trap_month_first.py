# ---
# kind: trap
# why: "Lets pandas guess the French date: right from the 13th on, month first before, without a word."
# marks:
#   test_timestamp_notations: 0
# message:
#   test_timestamp_notations: "France"
# ---

# %% parse_timestamp
def parse_timestamp(text):
    """Return the Timestamp written in `text`; NaT when missing; ValueError when unreadable."""
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    if "/" in text:
        return pd.to_datetime(text)
    for name, number in MONTHS.items():
        if f"-{name}-" in text:
            text = text.replace(name, str(number))
            return pd.Timestamp(datetime.strptime(text, "%d-%m-%Y %Hh%M"))
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d %H:%M"))
