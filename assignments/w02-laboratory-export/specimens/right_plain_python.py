# ---
# kind: right
# why: "Plain Python where pandas could serve: the csv module, loops, dictionaries."
# ---

# %% read_export
def read_export(path):
    import csv

    with open(path, encoding="cp1252", newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    return pd.DataFrame(rows, columns=header, dtype=object)

# %% parse_number
def parse_number(text):
    kept = ""
    for character in text:
        if not character.isspace():
            kept = kept + ("." if character == "," else character)
    if kept in MISSING:
        return float("nan")
    return float(kept)

# %% delay_status
def delay_status(minutes):
    if minutes != minutes:
        return "missing"
    for word, wrong in (("negative", minutes < 0), ("absurd", minutes / 60 / 24 > 7)):
        if wrong:
            return word
    return "ok"

# %% turnaround_by_clinic
def turnaround_by_clinic(clean, set_aside):
    delays, excluded = {}, {}
    for name, minutes in zip(clean["clinic_name"], clean["turnaround_minutes"]):
        delays.setdefault(name, []).append(minutes)
    for name in set_aside["clinic_name"]:
        excluded[name.strip()] = excluded.get(name.strip(), 0) + 1
    rows = []
    for name in {**delays, **excluded}:
        values = delays.get(name, [])
        rows.append(
            {
                "clinic_name": name,
                "n_kept": len(values),
                "median_minutes": np.median(values) if values else None,
                "n_set_aside": excluded.get(name, 0),
            }
        )
    return pd.DataFrame(rows)
