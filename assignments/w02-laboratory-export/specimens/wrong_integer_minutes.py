# ---
# kind: wrong
# why: "Reads minutes with int, which refuses the space between thousands."
# marks: {test_delay_edges: 0}
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
        return sign * int(text.removesuffix("mn"))
    raise ValueError(f"no unit in {text!r}")
