# ---
# kind: wrong
# why: "Removes ordinary spaces around a delay: a non-breaking one after the unit is refused."
# marks:
#   test_delay_notations: 0
# message:
#   test_delay_notations: "que peut-il l'entourer"
# ---

# %% delay_minutes
def delay_minutes(text):
    text = text.strip(" ")
    if text in MISSING:
        return float("nan")
    sign = -1 if text.startswith("-") else 1
    text = text.removeprefix("-").replace("min", "mn")
    if "h" in text:
        hours, minutes = text.split("h")
        minutes = minutes.replace("mn", "").strip(" ") or "0"
        return sign * (60 * parse_number(hours) + parse_number(minutes))
    if text.endswith("mn"):
        return sign * parse_number(text.removesuffix("mn"))
    raise ValueError(f"no unit in {text!r}")
