# ---
# kind: wrong
# why: "Reads whole minutes alone, and renumbers the rows."
# marks:
#   test_delay_edges: 0
#   test_clean_rows: 0
# message:
#   test_delay_edges: "milliers"
#   test_clean_rows: "index"
# ---

# %% delay_minutes
# Reads minutes with int, which refuses the space between thousands.
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
        return sign * int(text.removesuffix("mn"))
    raise ValueError(f"no unit in {text!r}")

# %% clean_export
# Renumbers both tables: no row can be traced back to the file.
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
    clean["received_at"] = kept["received_at"].map(parse_timestamp)
    clean["col_rec_minutes"] = kept["col_rec_tat"].map(delay_minutes)
    clean["rec_ver_minutes"] = kept["rec_ver_tat"].map(delay_minutes)
    clean["turnaround_minutes"] = clean["col_rec_minutes"] + clean["rec_ver_minutes"]
    return clean.reset_index(drop=True), set_aside.reset_index(drop=True)
