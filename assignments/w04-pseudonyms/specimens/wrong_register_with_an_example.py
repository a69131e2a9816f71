# ---
# kind: wrong
# why: "Shows a row of the extract in the register, as an example; newborns and centenarians have no band."
# marks:
#   test_register_secrecy: 0
#   test_minimise_values: 0
# message:
#   test_register_secrecy: "pseudonym of the extract"
#   test_minimise_values: "newborn"
# ---

# %% minimise
# Zero years looks like a missing age, more than a hundred like an error.
def minimise(table):
    """Return pseudonym, age_band, unit, entry_month, nights and home, one row per row."""
    birth, entry, leaving = table["birth_date"], table["entry_at"], table["exit_at"]
    day_of_year = 100 * entry.dt.month + entry.dt.day
    birthday_to_come = day_of_year < 100 * birth.dt.month + birth.dt.day
    age = entry.dt.year - birth.dt.year - birthday_to_come

    def band(years):
        if not years > 0 or years > 100:
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

# %% register_entry
# An example says it better.
def register_entry(extract):
    """Return the entry of this processing in the record of processing activities."""
    return {
        "controller": "University hospital, medical information department",
        "dpo": "Data protection office of the hospital, by its generic mailbox",
        "purpose": "Nights and returns home by unit, period and age, for the pathways team",
        "legal_basis": "GDPR article 6(1)(e), public task; article 9(2)(h), managing care",
        "people": "Patients, for instance " + str(extract.dropna().iloc[0].to_dict()),
        "data": list(extract.columns),
        "recipients": ["Pathways team of the hospital"],
        "transfers": "None outside the European Union",
        "retention_months": 12,
        "security": [
            "Pseudonyms by HMAC-SHA-256, key drawn for this project alone",
            "Key and seed in the secret store of IT, held by someone who does not analyse",
            "Groups of at least five people",
        ],
    }
