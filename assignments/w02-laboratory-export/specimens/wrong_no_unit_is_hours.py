# ---
# kind: wrong
# why: "Supposes hours when the unit is not written."
# marks: {test_delay_edges: 0, test_clean_rows: 0}
# message:
#   test_delay_edges: "ValueError"
# ---

# %% delay_minutes
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
