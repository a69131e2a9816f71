# ---
# kind: wrong
# why: "Forgets the dash among absences, forgives a small negative delay, turns identifiers into numbers."
# marks:
#   test_delay_edges: 0
#   test_delay_status: 0
#   test_clean_values: 0
# message:
#   test_clean_values: "analysis_id"
# ---

# %% delay_minutes
# Forgets one of the four ways to be missing, the dash.
def delay_minutes(text):
    """Return the minutes written in `text`; NaN when missing; ValueError without a unit."""
    text = text.strip()
    if text in ("", "NR", "n/a"):
        return float("nan")
    sign = -1 if text.startswith("-") else 1
    text = text.removeprefix("-").replace("min", "mn")
    if "h" in text:
        hours, minutes = text.split("h")
        minutes = minutes.replace("mn", "").strip() or "0"
        return sign * (60 * parse_number(hours) + parse_number(minutes))
    if text.endswith("mn"):
        return sign * parse_number(text.removesuffix("mn"))
    raise ValueError(f"no unit in {text!r}")

# %% delay_status
# Forgives a negative delay of less than a minute.
def delay_status(minutes):
    """Return "missing", "negative", "absurd" or "ok"."""
    if math.isnan(minutes):
        return "missing"
    if minutes <= -1:
        return "negative"
    return "absurd" if minutes > 7 * 24 * 60 else "ok"

# %% clean_export
# Turns the analysis number into an integer in the clean table.
def clean_export(raw):
    """Return (clean, set_aside): every row of `raw` is in one of them, with its index."""
    def status(text):
        try:
            return delay_status(delay_minutes(text))
        except ValueError:
            return "unreadable"

    collection, verification = raw["col_rec_tat"].map(status), raw["rec_ver_tat"].map(status)
    reason = pd.Series("", index=raw.index)
    # the first reason of the contract is written last, so that it wins
    for word in ("absurd", "negative", "missing", "unreadable"):
        reason[(collection == word) | (verification == word)] = word
    copies = raw.duplicated()
    first = raw[~copies]
    versions = first.loc[first.duplicated("analysis_id", keep=False), "analysis_id"]
    reason[raw["analysis_id"].isin(versions)] = "conflict"
    reason[copies] = "duplicate"

    set_aside = raw[reason != ""].assign(reason=reason[reason != ""])
    kept = raw[reason == ""]
    clean = pd.DataFrame(index=kept.index)
    for column in ("analysis_id", "subject_id", "clinic_name", "result"):
        clean[column] = kept[column].str.strip()
    for column in ("payor_group", "patient_class"):
        words = kept[column].str.strip()
        clean[column] = words.mask(words.isin(MISSING))
    for column in ("age", "ct_result"):
        clean[column] = kept[column].map(parse_number)
    clean["analysis_id"] = clean["analysis_id"].astype(int)
    clean["received_at"] = kept["received_at"].map(parse_timestamp)
    clean["col_rec_minutes"] = kept["col_rec_tat"].map(delay_minutes)
    clean["rec_ver_minutes"] = kept["rec_ver_tat"].map(delay_minutes)
    clean["turnaround_minutes"] = clean["col_rec_minutes"] + clean["rec_ver_minutes"]
    return clean, set_aside
