# ---
# kind: wrong
# why: "Loses the sign of short delays, and corrected results."
# marks:
#   test_delay_edges: 0
#   test_clean_rows: 0
# message:
#   test_clean_rows: "analysis_id"
# ---

# %% delay_minutes
# Takes the sign from the hours, so -0 h 30 turns positive.
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

# %% clean_export
# Takes any second row with the same analysis_id for a copy: a corrected result disappears.
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
    copies = raw.duplicated("analysis_id")
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
    clean["received_at"] = kept["received_at"].map(parse_timestamp)
    clean["col_rec_minutes"] = kept["col_rec_tat"].map(delay_minutes)
    clean["rec_ver_minutes"] = kept["rec_ver_tat"].map(delay_minutes)
    clean["turnaround_minutes"] = clean["col_rec_minutes"] + clean["rec_ver_minutes"]
    return clean, set_aside
