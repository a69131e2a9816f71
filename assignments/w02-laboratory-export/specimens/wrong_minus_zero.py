# ---
# kind: wrong
# why: "Takes the sign from the hours, so -0 h 30 turns positive."
# marks: {test_delay_edges: 0}
# ---

# %% delay_minutes
def delay_minutes(text):
    text = text.strip()
    if text in MISSING:
        return float("nan")
    if "h" in text:
        hours, minutes = text.split("h")
        hours = parse_number(hours)
        minutes = parse_number(re.sub("min|mn", "", minutes).strip() or "0")
        return 60 * hours - minutes if hours < 0 else 60 * hours + minutes
    if text.endswith(("min", "mn")):
        return parse_number(re.sub("min|mn", "", text))
    raise ValueError(text)
