# ---
# kind: wrong
# why: "Uses the notebook's key instead of the argument; ages are differences of years."
# marks:
#   test_secret: 0
#   test_minimise_values: 0
# message:
#   test_secret: "dictionary"
#   test_minimise_values: "birthday"
# ---

# %% pseudonym
# KEY, which everybody knows.
def pseudonym(nir, key):
    """Return the 64 hexadecimal characters of a person; None when the NIR is missing."""
    if not isinstance(key, bytes) or len(key) < 32:
        raise ValueError("the key must be at least 32 bytes")
    if pd.isna(nir):
        return None
    if not isinstance(nir, str):
        raise ValueError("a NIR must be text")
    text = "".join(nir.split()).upper()
    if text == "":
        return None
    if len(text) not in (13, 15):
        raise ValueError("a NIR has 13 characters, or 15 with its check key")
    return hmac.new(KEY, text[:13].encode("utf-8"), hashlib.sha256).hexdigest()

# %% minimise
# A birthday still to come is not looked at.
def minimise(table):
    """Return pseudonym, age_band, unit, entry_month, nights and home, one row per row."""
    birth, entry, leaving = table["birth_date"], table["entry_at"], table["exit_at"]
    day_of_year = 100 * entry.dt.month + entry.dt.day
    birthday_to_come = day_of_year < 100 * birth.dt.month + birth.dt.day
    age = entry.dt.year - birth.dt.year

    def band(years):
        if pd.isna(years):
            return None
        reached = [name for name, start in zip(BANDS, (0, 18, 40, 65, 80)) if years >= start]
        return reached[-1]

    return pd.DataFrame(
        {
            "pseudonym": table["pseudonym"],
            "age_band": age.map(band),
            "unit": table["unit"],
            "entry_month": entry.dt.strftime("%Y-%m"),
            "nights": (leaving.dt.normalize() - entry.dt.normalize()).dt.days,
            "home": [None if pd.isna(mode) else mode == "8" for mode in table["exit_mode"]],
        }
    )
