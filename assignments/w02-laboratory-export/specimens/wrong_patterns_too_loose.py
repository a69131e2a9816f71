# ---
# kind: wrong
# why: "Patterns that find something in any text, and tables retouched on the way."
# marks:
#   test_parse_number: 0
#   test_timestamp_notations: 0
#   test_clean_rows: 0
# message:
#   test_clean_rows: "raw"
# ---

# %% parse_number
# Searches the first digits of the text: the sign goes, so do the thousands.
def parse_number(text):
    if text.strip() in MISSING:
        return float("nan")
    found = re.search(r"\d+([.,]\d+)?", text)
    if not found or found.end() != len(text.rstrip()):
        raise ValueError(text)
    return float(found.group().replace(",", "."))

# %% parse_timestamp
# Knows a month by its first three letters: June and July are the same.
def parse_timestamp(text):
    """Return the Timestamp written in `text`; NaT when missing; ValueError when unreadable."""
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    if "/" in text:
        return pd.Timestamp(datetime.strptime(text, "%d/%m/%Y %H:%M"))
    for name, number in MONTHS.items():
        if f"-{name[:3]}" in text:
            text = re.sub("[a-zéû]{3,}", str(number), text)
            return pd.Timestamp(datetime.strptime(text, "%d-%m-%Y %Hh%M"))
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d %H:%M"))

# %% clean_export
# Strips the texts before setting rows aside: the evidence was retouched.
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

    raw = raw.apply(lambda column: column.str.strip())
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
