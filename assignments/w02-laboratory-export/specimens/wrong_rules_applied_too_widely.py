# ---
# kind: wrong
# why: "Applies a right rule where it does not hold."
# marks:
#   test_timestamp_notations: 0
#   test_clean_values: 0
#   test_delay_edges: 0
#   test_clean_rows: 0
# message:
#   test_timestamp_notations: "ISO"
#   test_clean_values: "received_at"
#   test_delay_edges: "ValueError"
# ---

# %% parse_timestamp
# Gives pandas the day-first rule for ISO dates too, where it swaps day and month.
def parse_timestamp(text):
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    for name, number in MONTHS.items():
        if name in text:
            text = text.replace(f"-{name}-", f"/{number:02d}/").replace("h", ":")
    return pd.to_datetime(text, dayfirst=True)

# %% delay_minutes
# Supposes hours when the unit is not written.
def delay_minutes(text):
    """Return the minutes that `text` says; NaN when missing; ValueError without a unit."""
    text = text.strip()
    if text in MISSING:
        return float("nan")
    sign = -1 if text.startswith("-") else 1
    text = text.removeprefix("-").replace("min", "mn")
    if "h" in text:
        hours, minutes = text.split("h")
        minutes = minutes.replace("mn", "").strip() or "0"
        return sign * (60 * parse_number(hours) + parse_number(minutes))
    if text.endswith("mn"):
        return sign * parse_number(text.removesuffix("mn"))
    return sign * 60 * parse_number(text)
