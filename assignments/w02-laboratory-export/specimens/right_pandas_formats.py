# ---
# kind: right
# why: "Dates by pandas with explicit formats, reasons by numpy, the summary by an outer merge."
# ---

# %% parse_timestamp
def parse_timestamp(text):
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    for name, number in MONTHS.items():
        text = text.replace(f"-{name}-", f"/{number}/")
    for form in ("%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%d/%m/%Y %Hh%M"):
        found = pd.to_datetime(text, format=form, errors="coerce")
        if found is not pd.NaT:
            return found
    raise ValueError(f"not a date: {text}")

# %% clean_export
def clean_export(raw):
    def minutes_or_none(text):
        try:
            return delay_minutes(text)
        except ValueError:
            return None

    table = raw.copy()
    first = [minutes_or_none(text) for text in raw["col_rec_tat"]]
    second = [minutes_or_none(text) for text in raw["rec_ver_tat"]]
    words = [
        {"unreadable" if value is None else delay_status(value) for value in pair}
        for pair in zip(first, second)
    ]
    copies = raw.duplicated().to_numpy()
    counts = raw.drop_duplicates()["analysis_id"].value_counts()
    conflicts = raw["analysis_id"].map(counts).to_numpy() > 1
    names = ["unreadable", "missing", "negative", "absurd"]
    tests = [np.array([name in word for word in words]) for name in names]
    table["reason"] = np.select(
        [copies, conflicts, *tests], ["duplicate", "conflict", *names], default="kept"
    )
    set_aside = table.query("reason != 'kept'")
    kept = table.query("reason == 'kept'")
    words = kept[["analysis_id", "subject_id", "clinic_name", "result"]]
    others = kept[["payor_group", "patient_class"]].apply(lambda column: column.str.strip())
    clean = pd.concat(
        [words.apply(lambda column: column.str.strip()), others.replace(list(MISSING), pd.NA)],
        axis=1,
    )
    clean["age"] = kept["age"].map(parse_number)
    clean["ct_result"] = kept["ct_result"].map(parse_number)
    clean["received_at"] = pd.to_datetime(kept["received_at"].map(parse_timestamp))
    clean["col_rec_minutes"] = kept["col_rec_tat"].map(delay_minutes)
    clean["rec_ver_minutes"] = kept["rec_ver_tat"].map(delay_minutes)
    return clean.eval("turnaround_minutes = col_rec_minutes + rec_ver_minutes"), set_aside

# %% turnaround_by_clinic
def turnaround_by_clinic(clean, set_aside):
    kept = clean.groupby("clinic_name", as_index=False).agg(
        n_kept=("analysis_id", "count"), median_minutes=("turnaround_minutes", "median")
    )
    aside = set_aside.assign(clinic_name=set_aside["clinic_name"].str.strip())
    aside = aside.groupby("clinic_name", as_index=False).agg(n_set_aside=("result", "count"))
    table = kept.merge(aside, how="outer")
    return table.fillna({"n_kept": 0, "n_set_aside": 0})
