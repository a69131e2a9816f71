# ---
# kind: wrong
# why: "Calls a row and its exact copy a conflict; an unreadable date breaks with another error."
# marks:
#   test_timestamp_edges: 0
#   test_clean_rows: 0
# message:
#   test_timestamp_edges: "ValueError"
#   test_clean_rows: "analysis_id"
# ---

# %% parse_timestamp
def parse_timestamp(text):
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    if "/" in text:
        return pd.Timestamp(datetime.strptime(text, "%d/%m/%Y %H:%M"))
    if "h" in text:
        parts = text.replace(" ", "-").replace("h", "-").split("-")
        month = MONTHS[parts[1]]
        day, year, hour, minute = (int(parts[place]) for place in (0, 2, 3, 4))
        return pd.Timestamp(year, month, day, hour, minute)
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d %H:%M"))

# %% clean_export
def clean_export(raw):
    """Return (clean, set_aside): every row of `raw` is in one of them, with its index."""
    duplicate = raw.duplicated()
    identifiers = raw["analysis_id"].str.strip()
    conflict = identifiers[identifiers.duplicated(keep=False)].index
    reasons = {}
    delays = {}
    for label, row in raw.iterrows():
        if duplicate[label]:
            reasons[label] = "duplicate"
            continue
        if label in conflict:
            reasons[label] = "conflict"
            continue
        try:
            pair = delay_minutes(row["col_rec_tat"]), delay_minutes(row["rec_ver_tat"])
        except ValueError:
            reasons[label] = "unreadable"
            continue
        statuses = [delay_status(pair[0]), delay_status(pair[1])]
        for status in ("missing", "negative", "absurd"):
            if status in statuses:
                reasons[label] = status
                break
        else:
            delays[label] = pair
    set_aside = raw.loc[list(reasons)].copy()
    set_aside["reason"] = list(reasons.values())
    kept = raw.loc[list(delays)]
    clean = pd.DataFrame(index=kept.index)
    for column in ["analysis_id", "subject_id", "clinic_name", "result"]:
        clean[column] = kept[column].str.strip()
    for column in ["payor_group", "patient_class"]:
        values = kept[column].str.strip()
        clean[column] = values.mask(values.isin(MISSING))
    for column in ["age", "ct_result"]:
        clean[column] = [parse_number(text) for text in kept[column]]
    clean["received_at"] = [parse_timestamp(text) for text in kept["received_at"]]
    clean["col_rec_minutes"] = [pair[0] for pair in delays.values()]
    clean["rec_ver_minutes"] = [pair[1] for pair in delays.values()]
    clean["turnaround_minutes"] = clean["col_rec_minutes"] + clean["rec_ver_minutes"]
    return clean, set_aside
