# ---
# kind: wrong
# why: "Reads minutes before hours, and excludes the bounds."
# marks:
#   test_delay_notations: 0
#   test_delay_status: 0
# ---

# %% delay_minutes
# Sees min and reads minutes alone, even after hours.
def delay_minutes(text):
    """Return the minutes written in `text`; NaN when missing; ValueError without a unit."""
    text = text.strip()
    if text in MISSING:
        return float("nan")
    sign = -1 if text.startswith("-") else 1
    text = text.removeprefix("-").replace("min", "mn")
    if text.endswith("mn"):
        return sign * parse_number(text.removesuffix("mn").split("h")[-1])
    if "h" in text:
        hours, minutes = text.split("h")
        minutes = minutes.replace("mn", "").strip() or "0"
        return sign * (60 * parse_number(hours) + parse_number(minutes))
    raise ValueError(f"no unit in {text!r}")

# %% delay_status
# Excludes both bounds: a tube verified at once counts as negative.
def delay_status(minutes):
    """Return "missing", "negative", "absurd" or "ok"."""
    if math.isnan(minutes):
        return "missing"
    if minutes <= 0:
        return "negative"
    return "absurd" if minutes >= 7 * 24 * 60 else "ok"
