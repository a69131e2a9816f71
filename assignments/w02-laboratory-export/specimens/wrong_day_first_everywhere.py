# ---
# kind: wrong
# why: "Gives pandas the day-first rule for ISO dates too, where it swaps day and month."
# marks: {test_timestamp_notations: 0, test_clean_values: 0}
# message:
#   test_timestamp_notations: "ISO"
#   test_clean_values: "received_at"
# ---

# %% parse_timestamp
def parse_timestamp(text):
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    for name, number in MONTHS.items():
        if name in text:
            text = text.replace(f"-{name}-", f"/{number:02d}/").replace("h", ":")
    return pd.to_datetime(text, dayfirst=True)
