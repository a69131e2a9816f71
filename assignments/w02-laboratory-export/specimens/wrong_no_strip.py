# ---
# kind: wrong
# why: "Forgets the spaces around a delay, which the examples do not have."
# marks: {test_delay_notations: 0}
# ---

# %% delay_minutes
def delay_minutes(text):
    if text.strip() in MISSING:
        return float("nan")
    digits = r"\d[\d\s]*(?:[.,]\d+)?"
    found = re.fullmatch(rf"(-?)(?:({digits})\s?h)?\s?(?:({digits})\s?(min|mn)?)?", text)
    if not found or not (found[2] or found[4]):
        raise ValueError(text)
    size = 60 * parse_number(found[2] or "0") + parse_number(found[3] or "0")
    return -size if found[1] else size
