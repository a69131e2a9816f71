# ---
# kind: wrong
# why: "Confuses zero with missing, in both directions."
# marks:
#   test_parse_number: 0
#   test_delay_edges: 0
#   test_clean_values: 0
#   test_turnaround_by_clinic: 1
# message:
#   test_clean_values: "payor_group"
# ---

# %% parse_number
# Turns whatever cannot be read into zero, absences with spaces included.
def parse_number(text):
    if text in MISSING:
        return float("nan")
    try:
        return float("".join(text.split()).replace(",", "."))
    except ValueError:
        return 0.0

# %% delay_minutes
# Takes a delay of zero for a missing one, because zero is false.
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
        return sign * parse_number(text.removesuffix("mn")) or float("nan")
    raise ValueError(f"no unit in {text!r}")

# %% clean_export
# Recognises missing payors and leaves the spaces around the others.
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
        clean[column] = kept[column].mask(words.isin(MISSING))
    for column in ("age", "ct_result"):
        clean[column] = kept[column].map(parse_number)
    clean["received_at"] = kept["received_at"].map(parse_timestamp)
    clean["col_rec_minutes"] = kept["col_rec_tat"].map(delay_minutes)
    clean["rec_ver_minutes"] = kept["rec_ver_tat"].map(delay_minutes)
    clean["turnaround_minutes"] = clean["col_rec_minutes"] + clean["rec_ver_minutes"]
    return clean, set_aside

# %% turnaround_by_clinic
# Leaves the count of exclusions empty where there is none.
def turnaround_by_clinic(clean, set_aside):
    """Return clinic_name, n_kept, median_minutes and n_set_aside, one row per clinic."""
    kept = clean.groupby("clinic_name")["turnaround_minutes"]
    excluded = set_aside["clinic_name"].str.strip().value_counts()
    table = pd.DataFrame(
        {"n_kept": kept.size(), "median_minutes": kept.median(), "n_set_aside": excluded}
    )
    table["n_kept"] = table["n_kept"].fillna(0).astype(int)
    return table.rename_axis("clinic_name").reset_index()
