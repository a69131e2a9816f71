# ---
# kind: wrong
# why: "Searches a number and a unit anywhere in the text: “1 h 30 h” is read as 1 h 30."
# marks:
#   test_delay_edges: 0
# message:
#   test_delay_edges: "ValueError"
# ---

# %% delay_minutes
def delay_minutes(text):
    """Return the minutes written in `text`; NaN when missing; ValueError without a unit."""
    text = "".join(text.split()).replace(",", ".")
    if text in MISSING:
        return float("nan")
    sign = -1 if text.startswith("-") else 1
    together = re.search(r"([0-9.]+)h([0-9]+)", text)
    if together:
        return sign * (60 * float(together[1]) + float(together[2]))
    for unit, factor in (("h", 60), ("min", 1), ("mn", 1)):
        found = re.search(rf"([0-9.]+){unit}", text)
        if found:
            return sign * factor * float(found[1])
    raise ValueError(text)
