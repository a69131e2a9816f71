# ---
# kind: wrong
# why: "Makes no difference between absent, unreadable and zero."
# marks:
#   test_read_export: 0
#   test_parse_number: 0
#   test_timestamp_edges: 0
#   test_delay_status: 0
#   test_clean_values: 0
#   test_turnaround_by_clinic: 1
# message:
#   test_read_export: "n/a"
#   test_parse_number: "ValueError"
#   test_delay_status: "NaN"
#   test_clean_values: "ct_result"
# ---

# %% read_export
# Reads text, but lets read_csv turn n/a and empty cells into NaN.
def read_export(path):
    return pd.read_csv(path, sep=";", encoding="cp1252", dtype=str)

# %% parse_number
# Returns NaN for an unreadable text, as if nothing had been written.
def parse_number(text):
    try:
        return float("".join(text.split()).replace(",", "."))
    except ValueError:
        return float("nan")

# %% parse_timestamp
# Takes only an empty cell for a missing date.
def parse_timestamp(text):
    """Return the Timestamp written in `text`; NaT when missing; ValueError when unreadable."""
    text = text.strip()
    if text == "":
        return pd.NaT
    if "/" in text:
        return pd.Timestamp(datetime.strptime(text, "%d/%m/%Y %H:%M"))
    for name, number in MONTHS.items():
        if f"-{name}-" in text:
            text = text.replace(name, str(number))
            return pd.Timestamp(datetime.strptime(text, "%d-%m-%Y %Hh%M"))
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d %H:%M"))

# %% delay_status
# Compares NaN with the bounds: no comparison holds, so a missing delay is ok.
def delay_status(minutes):
    if minutes < 0:
        return "negative"
    if minutes > 10_080:
        return "absurd"
    return "ok"

# %% clean_export
# Fills missing PCR cycles with zero, which would be an enormous viral load.
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
        clean[column] = kept[column].map(parse_number).fillna(0)
    clean["received_at"] = kept["received_at"].map(parse_timestamp)
    clean["col_rec_minutes"] = kept["col_rec_tat"].map(delay_minutes)
    clean["rec_ver_minutes"] = kept["rec_ver_tat"].map(delay_minutes)
    clean["turnaround_minutes"] = clean["col_rec_minutes"] + clean["rec_ver_minutes"]
    return clean, set_aside

# %% turnaround_by_clinic
# Fills every absence with zero: the clinic all set aside looks the fastest.
def turnaround_by_clinic(clean, set_aside):
    """Return clinic_name, n_kept, median_minutes and n_set_aside, one row per clinic."""
    kept = clean.groupby("clinic_name")["turnaround_minutes"]
    excluded = set_aside["clinic_name"].str.strip().value_counts()
    table = pd.DataFrame(
        {"n_kept": kept.size(), "median_minutes": kept.median(), "n_set_aside": excluded}
    )
    table = table.fillna(0)
    return table.rename_axis("clinic_name").reset_index()
