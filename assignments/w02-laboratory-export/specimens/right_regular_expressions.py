# ---
# kind: right
# why: "Patterns instead of string methods, and row-by-row sorting with a function."
# ---

# %% parse_number
def parse_number(text):
    if text.strip() in MISSING:
        return math.nan
    digits = re.sub(r"\s", "", text)
    if not re.fullmatch(r"-?\d+([.,]\d+)?", digits):
        raise ValueError(text)
    return float(digits.replace(",", "."))

# %% parse_timestamp
def parse_timestamp(text):
    text = text.strip()
    if text in MISSING:
        return pd.NaT
    named = re.fullmatch(r"(\d+)-([a-zéû]+)-(\d+) (\d+)h(\d+)", text)
    if named:
        day, month, year, hour, minute = named.groups()
        return pd.Timestamp(int(year), MONTHS[month], int(day), int(hour), int(minute))
    iso = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)", text)
    if iso:
        return pd.Timestamp(*map(int, iso.groups()))
    slash = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d)", text)
    if not slash:
        raise ValueError(text)
    day, month, year, hour, minute = map(int, slash.groups())
    return pd.Timestamp(year, month, day, hour, minute)

# %% delay_minutes
DELAY = re.compile(r"(-?)(?:([\d.,]+)h)?(?:([\d.,]+)(min|mn)?)?")


def delay_minutes(text):
    if text.strip() in MISSING:
        return math.nan
    found = DELAY.fullmatch(re.sub(r"\s", "", text))
    if not found or not (found[2] or found[4]):
        raise ValueError(text)
    hours = float((found[2] or "0").replace(",", "."))
    minutes = float((found[3] or "0").replace(",", "."))
    return (-1 if found[1] else 1) * (60 * hours + minutes)

# %% clean_export
def reason_of(row, seen, versions):
    if tuple(row) in seen:
        return "duplicate"
    if len(versions[row["analysis_id"]]) > 1:
        return "conflict"
    found = []
    for column in ("col_rec_tat", "rec_ver_tat"):
        try:
            found.append(delay_status(delay_minutes(row[column])))
        except ValueError:
            return "unreadable"
    return next((word for word in ("missing", "negative", "absurd") if word in found), None)


def clean_export(raw):
    versions = {}
    for _, row in raw.iterrows():
        versions.setdefault(row["analysis_id"], set()).add(tuple(row))
    seen, reasons = set(), {}
    for number, row in raw.iterrows():
        word = reason_of(row, seen, versions)
        seen.add(tuple(row))
        if word:
            reasons[number] = word
    set_aside = raw.loc[list(reasons)].copy()
    set_aside["reason"] = list(reasons.values())
    clean = raw.drop(index=list(reasons))
    for column in ("clinic_name", "payor_group", "patient_class"):
        clean[column] = [word.strip() for word in clean[column]]
    for column in ("payor_group", "patient_class"):
        clean[column] = [None if word in MISSING else word for word in clean[column]]
    for column in ("age", "ct_result"):
        clean[column] = clean[column].apply(parse_number)
    clean["received_at"] = [parse_timestamp(text) for text in clean["received_at"]]
    clean["col_rec_minutes"] = clean.pop("col_rec_tat").apply(delay_minutes)
    clean["rec_ver_minutes"] = clean.pop("rec_ver_tat").apply(delay_minutes)
    clean["turnaround_minutes"] = clean["col_rec_minutes"] + clean["rec_ver_minutes"]
    return clean, set_aside
