# ---
# kind: right
# why: "Helpers written in the first answer cell and used in the next ones; while loops, columns renamed."
# ---

# %% pseudonym
def absent(value):
    return bool(pd.isna(value))

def people_by_group(table, columns):
    groups = {}
    row = 0
    while row < len(table):
        values = []
        for column in columns:
            value = table[column].iloc[row]
            values.append(None if absent(value) else value)
        who = table["pseudonym"].iloc[row]
        groups.setdefault(tuple(values), []).append((row, f"row{row}" if absent(who) else who))
        row += 1
    return groups

def pseudonym(nir, key):
    if type(key) != bytes or len(key) < 32:
        raise ValueError("La clé doit compter 32 octets.")
    if absent(nir):
        return None
    if type(nir) is not str:
        raise ValueError("Le NIR doit être un texte.")
    for space in (" ", "\t", "\n", "\u00a0", "\u202f"):
        nir = nir.replace(space, "")
    nir = nir.upper()
    if nir == "":
        return None
    if len(nir) == 15:
        nir = nir[0:13]
    if len(nir) != 13:
        raise ValueError("Longueur de NIR inattendue.")
    return hmac.new(key, nir.encode("utf-8"), "sha256").hexdigest()

# %% k_anonymity
def k_anonymity(table, columns):
    groups = people_by_group(table, columns)
    if len(groups) == 0:
        return 0, 0
    smallest = None
    alone = []
    for members in groups.values():
        who = {person for _, person in members}
        if smallest is None or len(who) < smallest:
            smallest = len(who)
        if len(who) == 1 and list(who)[0] not in alone:
            alone.append(list(who)[0])
    return smallest, len(alone)

# %% link
def link(extract, directory, on):
    known = extract[~extract[on].isna().any(axis=1)]
    people = directory[directory[on].notna().all(axis=1)]
    pairs_found = {"pseudonym": [], "person": []}
    outside = people_by_group(people.rename(columns={"person": "pseudonym"}), on)
    for values, members in people_by_group(known, on).items():
        who = {person for _, person in members}
        if len(who) == 1 and len(outside.get(values, [])) == 1:
            pairs_found["pseudonym"].append(who.pop())
            pairs_found["person"].append(outside[values][0][1])
    return pd.DataFrame(pairs_found)

# %% protect
def protect(table, k=5, max_loss=0.10):
    step = 0
    while step < 4:
        wide = table.copy()
        month = wide["entry_month"]
        if step == 1:
            month = [m[:4] + "-Q" + str((int(m[5:7]) + 2) // 3) for m in month]
        if step >= 2:
            month = [m[:4] for m in month]
        wide["entry_period"] = month
        del wide["entry_month"]
        if step == 3:
            wide["age_band"] = [None if absent(b) else "0-64" if b in BANDS[:3] else "65+" for b in wide["age_band"]]
        good = []
        for members in people_by_group(wide, ["unit", "age_band", "entry_period"]).values():
            if len({person for _, person in members}) >= k:
                good += [row for row, _ in members]
        if 1 - len(good) / len(table) <= max_loss + 1e-12:
            return wide.iloc[sorted(good)], step
        step += 1
    raise ValueError("refus")
