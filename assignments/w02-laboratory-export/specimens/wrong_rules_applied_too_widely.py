# ---
# kind: wrong
# why: "Applies a right rule where it does not hold."
# marks:
#   test_timestamp_notations: 0
#   test_clean_values: 0
#   test_delay_edges: 0
# message:
#   test_timestamp_notations: "ISO"
#   test_clean_values: "received_at"
#   test_delay_edges: "ValueError"
# ---

# %% parse_timestamp
# Gives pandas the day-first rule for ISO dates too, where it swaps day and month.
def parse_timestamp(text):
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    for name, number in MONTHS.items():
        if name in text:
            text = text.replace(f"-{name}-", f"/{number:02d}/").replace("h", ":")
    return pd.to_datetime(text, dayfirst=True)

# %% delay_minutes
# Supposes hours when the unit is not written.
def delay_minutes(text):
    """Return the minutes written in `text`; NaN when missing; ValueError without a unit."""
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
        return sign * parse_number(text.removesuffix("mn"))
    return sign * 60 * parse_number(text)

# %% clean_export
# Keeps the day of reception and drops its hour.
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
    clean["received_at"] = kept["received_at"].map(parse_timestamp).dt.normalize()
    clean["col_rec_minutes"] = kept["col_rec_tat"].map(delay_minutes)
    clean["rec_ver_minutes"] = kept["rec_ver_tat"].map(delay_minutes)
    clean["turnaround_minutes"] = clean["col_rec_minutes"] + clean["rec_ver_minutes"]
    return clean, set_aside
