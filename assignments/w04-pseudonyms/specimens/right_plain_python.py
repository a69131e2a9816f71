# ---
# kind: right
# why: "Plain Python where pandas could serve: loops, dictionaries of sets, lists of rows."
# ---

# %% pseudonym
def pseudonym(nir, key):
    if type(key) is not bytes or len(key) < 32:
        raise ValueError("bad key")
    if nir is None or nir is pd.NA or nir != nir:
        return None
    if not isinstance(nir, str):
        raise ValueError("a NIR must be text")
    kept = ""
    for character in nir:
        if not character.isspace():
            kept += character.upper()
    if not kept:
        return None
    if len(kept) == 15:
        kept = kept[:-2]
    if len(kept) != 13:
        raise ValueError("wrong length")
    return hmac.digest(key, kept.encode(), "sha256").hex()

# %% pseudonymise
def pseudonymise(table, key, seed):
    rows = []
    for row in table.to_dict("records"):
        kept = {"pseudonym": pseudonym(row["nir"], key)}
        for name, value in row.items():
            if name not in IDENTIFYING:
                kept[name] = value
        rows.append(kept)
    random.Random(seed).shuffle(rows)
    return pd.DataFrame(rows)

# %% minimise
def minimise(table):
    rows = []
    for row in table.to_dict("records"):
        birth, entry, leaving = row["birth_date"], row["entry_at"], row["exit_at"]
        band = None
        if not pd.isna(birth):
            age = entry.year - birth.year
            if (entry.month, entry.day) < (birth.month, birth.day):
                age -= 1
            if age < 18:
                band = "0-17"
            elif age < 40:
                band = "18-39"
            elif age < 65:
                band = "40-64"
            elif age < 80:
                band = "65-79"
            else:
                band = "80+"
        nights = home = None
        if not pd.isna(leaving):
            nights = (leaving.date() - entry.date()).days
            home = row["exit_mode"] == "8"
        month = f"{entry.year}-{entry.month:02d}"
        rows.append([row["pseudonym"], band, row["unit"], month, nights, home])
    columns = ["pseudonym", "age_band", "unit", "entry_month", "nights", "home"]
    return pd.DataFrame(rows, columns=columns)

# %% k_anonymity
def k_anonymity(table, columns):
    groups = {}
    for number, row in enumerate(table.to_dict("records")):
        values = tuple(None if pd.isna(row[name]) else row[name] for name in columns)
        person = number if pd.isna(row["pseudonym"]) else row["pseudonym"]
        groups.setdefault(values, set()).add(person)
    if not groups:
        return (0, 0)
    alone = set()
    for people in groups.values():
        if len(people) == 1:
            alone |= people
    return min(len(people) for people in groups.values()), len(alone)

# %% link
def link(extract, directory, on):
    inside, outside = {}, {}
    for row in extract.to_dict("records"):
        values = tuple(row[name] for name in on)
        if not any(pd.isna(value) for value in values):
            inside.setdefault(values, set()).add(row["pseudonym"])
    for row in directory.to_dict("records"):
        values = tuple(row[name] for name in on)
        if not any(pd.isna(value) for value in values):
            outside.setdefault(values, []).append(row["person"])
    found = []
    for values, codes in inside.items():
        if len(codes) == 1 and len(outside.get(values, [])) == 1:
            found.append({"pseudonym": min(codes), "person": outside[values][0]})
    return pd.DataFrame(found, columns=["pseudonym", "person"])

# %% protect
def protect(table, k=5, max_loss=0.10):
    rows = table.to_dict("records")
    for step in (0, 1, 2, 3):
        groups = {}
        for number, row in enumerate(rows):
            year, month = row["entry_month"].split("-")
            period, band = row["entry_month"], row["age_band"]
            if step == 1:
                period = f"{year}-Q{(int(month) - 1) // 3 + 1}"
            if step >= 2:
                period = year
            if pd.isna(band):
                band = None
            elif step == 3:
                band = "65+" if band in ("65-79", "80+") else "0-64"
            person = number if pd.isna(row["pseudonym"]) else row["pseudonym"]
            new = {**row, "age_band": band, "entry_period": period}
            del new["entry_month"]
            people, members = groups.setdefault((row["unit"], band, period), (set(), []))
            people.add(person)
            members.append(new)
        kept = [row for people, members in groups.values() if len(people) >= k for row in members]
        if (len(rows) - len(kept)) / len(rows) <= max_loss:
            return pd.DataFrame(kept), step
    raise ValueError("no step is enough")

# %% register_entry
def register_entry(extract):
    columns = []
    for name in extract:
        columns.append(name)
    return {
        "name": "Parcours",
        "controller": "CHU, direction générale, accueil@chu.example",
        "dpo": "dpd@chu.example",
        "purpose": "Décrire les durées de séjour",
        "legal_basis": "art. 6.1.e et 9.2.i du RGPD",
        "people": "patients",
        "data": columns,
        "recipients": ["équipe parcours"],
        "transfers": "aucun",
        "retention_months": 36,
        "security": ["clé au coffre de la DSI", "journal des accès", "k au moins égal à 5"],
    }
