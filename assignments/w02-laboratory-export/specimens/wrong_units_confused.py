# ---
# kind: wrong
# why: "Confuses units: thousands and decimals, seconds and minutes, minutes and hours."
# marks:
#   test_read_export: 0
#   test_delay_notations: 0
#   test_delay_status: 0
#   test_clean_values: 0
# message:
#   test_delay_status: "absurd"
#   test_clean_values: "turnaround_minutes"
# ---

# %% read_export
# Ignores its argument and reads the file of the example.
def read_export(path):
    """Return the export at `path` as a DataFrame of text, nothing interpreted."""
    return pd.read_csv("laboratory_export.csv", sep=";", encoding="cp1252", dtype=str, keep_default_na=False)

# %% delay_minutes
# Takes every point for a thousands separator, so 2.5 h becomes 25 h.
def delay_minutes(text):
    """Return the minutes written in `text`; NaN when missing; ValueError without a unit."""
    text = text.strip()
    if text in MISSING:
        return float("nan")
    sign = -1 if text.startswith("-") else 1
    text = text.removeprefix("-").replace("min", "mn").replace(".", "")
    if "h" in text:
        hours, minutes = text.split("h")
        minutes = minutes.replace("mn", "").strip() or "0"
        return sign * (60 * parse_number(hours) + parse_number(minutes))
    if text.endswith("mn"):
        return sign * parse_number(text.removesuffix("mn"))
    raise ValueError(f"no unit in {text!r}")

# %% delay_status
# Counts seven days in seconds, the argument is in minutes.
def delay_status(minutes):
    """Return "missing", "negative", "absurd" or "ok"."""
    if math.isnan(minutes):
        return "missing"
    if minutes < 0:
        return "negative"
    return "absurd" if minutes > 7 * 24 * 60 * 60 else "ok"

# %% clean_export
# Gives the turnaround in hours under a name that says minutes.
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
    clean["turnaround_minutes"] = (clean["col_rec_minutes"] + clean["rec_ver_minutes"]) / 60
    return clean, set_aside
