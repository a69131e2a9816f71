# ---
# kind: wrong
# why: "Knows min and not mn."
# marks: {test_delay_notations: 0}
# ---

# %% delay_minutes
def delay_minutes(text):
    """Return the minutes that `text` says; NaN when missing; ValueError without a unit."""
    text = text.strip()
    if text in MISSING:
        return float("nan")
    sign = -1 if text.startswith("-") else 1
    text = text.removeprefix("-")
    if "h" in text:
        hours, minutes = text.split("h")
        minutes = minutes.replace("min", "").strip() or "0"
        return sign * (60 * parse_number(hours) + parse_number(minutes))
    if text.endswith("min"):
        return sign * parse_number(text.removesuffix("min"))
    raise ValueError(f"no unit in {text!r}")
