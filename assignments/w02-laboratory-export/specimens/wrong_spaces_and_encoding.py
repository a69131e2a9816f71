# ---
# kind: wrong
# why: "Never looks at the characters that are not seen: encoding, spaces, non-breaking spaces."
# marks:
#   test_read_export: 0
#   test_parse_number: 0
#   test_delay_notations: 0
#   test_clean_values: 0
#   test_clinic_list: 0
# message:
#   test_parse_number: "plus d'une sorte"
#   test_clean_values: "clinic_name"
# ---

# %% read_export
# Takes latin-1 for cp1252: the dash that marks an absence becomes a control character.
def read_export(path):
    """Return the export at `path` as a DataFrame of text, nothing interpreted."""
    return pd.read_csv(path, sep=";", encoding="latin-1", dtype=str, keep_default_na=False)

# %% parse_number
# Removes ordinary spaces alone: the non-breaking one between thousands stays.
def parse_number(text):
    """Return the float written in `text`; NaN when missing; ValueError when unreadable."""
    if text.strip() in MISSING:
        return float("nan")
    return float(text.replace(" ", "").replace(",", "."))

# %% delay_minutes
# Forgets the spaces around a delay, which the examples do not have.
def delay_minutes(text):
    if text.strip() in MISSING:
        return float("nan")
    digits = r"\d[\d\s]*(?:[.,]\d+)?"
    found = re.fullmatch(rf"(-?)(?:({digits})\s?h)?\s?(?:({digits})\s?(min|mn)?)?", text)
    if not found or not (found[2] or found[4]):
        raise ValueError(text)
    size = 60 * parse_number(found[2] or "0") + parse_number(found[3] or "0")
    return -size if found[1] else size

# %% clean_export
# Leaves the spaces around the clinics: one clinic counts as several.
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
        clean[column] = kept[column]
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
# Counts exclusions under clinics written with spaces.
def turnaround_by_clinic(clean, set_aside):
    """Return clinic_name, n_kept, median_minutes and n_set_aside, one row per clinic."""
    kept = clean.groupby("clinic_name")["turnaround_minutes"]
    excluded = set_aside["clinic_name"].value_counts()
    table = pd.DataFrame(
        {"n_kept": kept.size(), "median_minutes": kept.median(), "n_set_aside": excluded}
    )
    table[["n_kept", "n_set_aside"]] = table[["n_kept", "n_set_aside"]].fillna(0).astype(int)
    return table.rename_axis("clinic_name").reset_index()
