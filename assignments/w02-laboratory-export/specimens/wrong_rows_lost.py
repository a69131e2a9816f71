# ---
# kind: wrong
# why: "Loses what is not in the example: words, days, rows, clinics."
# marks:
#   test_parse_number: 0
#   test_timestamp_edges: 0
#   test_delay_notations: 0
#   test_clean_rows: 0
#   test_clinic_list: 0
# message:
#   test_clinic_list: "service"
#   test_delay_notations: "plusieurs écritures"
#   test_clean_rows: "clean"
# ---

# %% parse_number
# Takes the first word of the text, hence the thousands alone.
def parse_number(text):
    """Return the float written in `text`; NaN when missing; ValueError when unreadable."""
    if text.strip() in MISSING:
        return float("nan")
    return float(text.split()[0].replace(",", "."))

# %% parse_timestamp
# Counts days from the first of the month: 31 February becomes 2 March.
def parse_timestamp(text):
    """Return the Timestamp written in `text`; NaT when missing; ValueError when unreadable."""
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    if "/" in text:
        day, rest = text.split("/", 1)
        start = datetime.strptime(f"01/{rest}", "%d/%m/%Y %H:%M")
        return pd.Timestamp(start) + pd.Timedelta(days=int(day) - 1)
    for name, number in MONTHS.items():
        if f"-{name}-" in text:
            text = text.replace(name, str(number))
            return pd.Timestamp(datetime.strptime(text, "%d-%m-%Y %Hh%M"))
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d %H:%M"))

# %% delay_minutes
# Knows min and not mn.
def delay_minutes(text):
    """Return the minutes written in `text`; NaN when missing; ValueError without a unit."""
    text = text.strip()
    if text in MISSING:
        return float("nan")
    sign = -1 if text.startswith("-") else 1
    text = text.removeprefix("-")
    if "h" in text:
        hours, minutes = text.split("h")
        minutes = minutes.replace("min", "").strip() or "0"
        return sign * (60 * parse_number(hours) + parse_number(minutes))
    if text.endswith("min"):
        return sign * parse_number(text.removesuffix("min"))
    raise ValueError(f"no unit in {text!r}")

# %% clean_export
# Drops the duplicates first and says nothing of them.
def clean_export(raw):
    """Return (clean, set_aside): every row of `raw` is in one of them, with its index."""
    def status(text):
        try:
            return delay_status(delay_minutes(text))
        except ValueError:
            return "unreadable"

    raw = raw.drop_duplicates()
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
    return clean, set_aside

# %% turnaround_by_clinic
# Starts from the kept rows: a clinic all set aside is not in the table.
def turnaround_by_clinic(clean, set_aside):
    """Return clinic_name, n_kept, median_minutes and n_set_aside, one row per clinic."""
    kept = clean.groupby("clinic_name")["turnaround_minutes"]
    excluded = set_aside["clinic_name"].str.strip().value_counts()
    table = pd.DataFrame(
        {"n_kept": kept.size(), "median_minutes": kept.median(), "n_set_aside": excluded}
    )
    table = table.loc[kept.size().index]
    table[["n_kept", "n_set_aside"]] = table[["n_kept", "n_set_aside"]].fillna(0).astype(int)
    return table.rename_axis("clinic_name").reset_index()
