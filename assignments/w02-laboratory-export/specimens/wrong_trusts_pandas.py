# ---
# kind: wrong
# why: "Trusts what pandas does by default, and the mean."
# marks:
#   test_read_export: 0
#   test_timestamp_edges: 0
#   test_clean_values: 0
#   test_turnaround_by_clinic: 1
# message:
#   test_read_export: "analysis_id"
#   test_timestamp_edges: "ValueError"
#   test_clean_values: "payor_group"
# ---

# %% read_export
# Lets read_csv choose the types: identifiers become numbers.
def read_export(path):
    return pd.read_csv(path, sep=";", encoding="cp1252")

# %% parse_timestamp
# Returns NaT for a text that is no date, as if the cell had been empty.
def parse_timestamp(text):
    """Return the Timestamp written in `text`; NaT when missing; ValueError when unreadable."""
    text = text.strip()
    if text in MISSING or not any(character.isdigit() for character in text):
        return pd.NaT
    if "/" in text:
        return pd.Timestamp(datetime.strptime(text, "%d/%m/%Y %H:%M"))
    for name, number in MONTHS.items():
        if f"-{name}-" in text:
            text = text.replace(name, str(number))
            return pd.Timestamp(datetime.strptime(text, "%d-%m-%Y %Hh%M"))
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d %H:%M"))

# %% clean_export
# Replaces a missing payor by the word unknown, which counts as a payor.
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
        clean[column] = words.mask(words.isin(MISSING), "unknown")
    for column in ("age", "ct_result"):
        clean[column] = kept[column].map(parse_number)
    clean["received_at"] = kept["received_at"].map(parse_timestamp)
    clean["col_rec_minutes"] = kept["col_rec_tat"].map(delay_minutes)
    clean["rec_ver_minutes"] = kept["rec_ver_tat"].map(delay_minutes)
    clean["turnaround_minutes"] = clean["col_rec_minutes"] + clean["rec_ver_minutes"]
    return clean, set_aside

# %% turnaround_by_clinic
# Gives the mean, which one long delay carries away.
def turnaround_by_clinic(clean, set_aside):
    """Return clinic_name, n_kept, median_minutes and n_set_aside, one row per clinic."""
    kept = clean.groupby("clinic_name")["turnaround_minutes"]
    excluded = set_aside["clinic_name"].str.strip().value_counts()
    table = pd.DataFrame(
        {"n_kept": kept.size(), "median_minutes": kept.mean(), "n_set_aside": excluded}
    )
    table[["n_kept", "n_set_aside"]] = table[["n_kept", "n_set_aside"]].fillna(0).astype(int)
    return table.rename_axis("clinic_name").reset_index()
