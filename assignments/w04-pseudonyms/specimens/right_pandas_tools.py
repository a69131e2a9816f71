# ---
# kind: right
# why: "Other tools of pandas: cut, quarter, value counts, sorting by pseudonym."
# ---

# %% pseudonym
def pseudonym(nir, key):
    if not isinstance(key, (bytes, bytearray)) or len(key) < 32:
        raise ValueError("key refused")
    if nir is None or (isinstance(nir, float) and np.isnan(nir)):
        return None
    if not isinstance(nir, str):
        raise ValueError("not a text")
    text = re.sub(r"\s+", "", nir).upper()
    if not text:
        return None
    if not re.fullmatch(r"\w{13}(\w{2})?", text):
        raise ValueError("not a NIR")
    mac = hmac.new(key, digestmod="sha256")
    mac.update(text[:13].encode("ascii"))
    return mac.hexdigest()

# %% pseudonymise
def pseudonymise(table, key, seed):
    codes = table["nir"].map(lambda nir: pseudonym(nir, key))
    others = [name for name in table.columns if name not in IDENTIFYING]
    kept = table[others].assign(pseudonym=codes)
    rng = np.random.default_rng(seed)
    kept = kept.iloc[rng.permutation(len(kept))]
    return kept.sort_values("pseudonym", ignore_index=True)

# %% minimise
def minimise(table):
    entry, birth = table["entry_at"], table["birth_date"]
    age = entry.dt.year - birth.dt.year
    later = (entry.dt.month < birth.dt.month) | (
        (entry.dt.month == birth.dt.month) & (entry.dt.day < birth.dt.day)
    )
    age = age.where(~later, age - 1)
    found = table[["pseudonym", "unit"]].copy()
    found["age_band"] = pd.cut(age, [0, 18, 40, 65, 80, 200], right=False, labels=BANDS)
    found["entry_month"] = entry.dt.to_period("M").astype(str)
    found["nights"] = (table["exit_at"].dt.floor("D") - entry.dt.floor("D")) / pd.Timedelta(days=1)
    found["home"] = table["exit_mode"].eq("8").astype("boolean").mask(table["exit_mode"].isna())
    return found

# %% k_anonymity
def k_anonymity(table, columns):
    if table.empty:
        return [0, 0]
    known = table.reset_index(drop=True)
    known["pseudonym"] = known["pseudonym"].where(known["pseudonym"].notna(), known.index.astype(str))
    texts = known[list(columns)].astype(object).fillna("missing")
    known["group"] = ["|".join(str(value) for value in row) for row in texts.to_numpy()]
    pairs = known[["group", "pseudonym"]].drop_duplicates()
    sizes = pairs["group"].value_counts()
    lonely = pairs[pairs["group"].isin(sizes[sizes == 1].index)]
    return sizes.min(), lonely["pseudonym"].nunique()

# %% link
def link(extract, directory, on):
    inside = extract.groupby(on)["pseudonym"].agg(["nunique", "first"]).reset_index()
    outside = directory.groupby(on)["person"].agg(["size", "last"]).reset_index()
    both = pd.merge(inside[inside["nunique"] == 1], outside[outside["size"] == 1], on=on)
    return both[["first", "last"]].set_axis(["pseudonym", "person"], axis=1)

# %% protect
def protect(table, k=5, max_loss=0.10):
    keys = ["unit", "age_band", "entry_period"]
    start = pd.to_datetime(table["entry_month"] + "-01")
    periods = [table["entry_month"], start.dt.year.astype(str) + "-Q" + start.dt.quarter.astype(str)]
    periods += [start.dt.year.astype(str)] * 2
    for step in range(4):
        wide = table.assign(entry_period=periods[step]).drop(columns=["entry_month"])
        if step == 3:
            bands = {"0-17": "0-64", "18-39": "0-64", "40-64": "0-64", "65-79": "65+", "80+": "65+"}
            wide["age_band"] = wide["age_band"].replace(bands)
        wide = wide.reset_index(drop=True)
        wide["who"] = wide["pseudonym"].fillna(wide.index.to_series().astype(str))
        people = wide.groupby(keys, dropna=False)["who"].nunique().rename("people").reset_index()
        wide = wide.merge(people, on=keys, how="left")
        kept = wide[wide["people"] >= k].drop(columns=["who", "people"])
        if 1 - len(kept) / len(table) <= max_loss + 1e-12:
            return kept, step
    raise ValueError("not enough people")
