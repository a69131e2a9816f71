# ---
# kind: right
# why: "Loops, dictionaries and the standard library, a DataFrame at the end."
# ---

# %% stays_by_provenance
def stays_by_provenance(stays):
    counts = {}
    for provenance, leave, mode in zip(stays["provenance"], stays["exit_utc"], stays["exit_mode"]):
        key = None if pd.isna(provenance) else provenance
        row = counts.setdefault(key, [0, 0, 0])
        row[0] += 1
        row[1] += 0 if pd.isna(leave) else 1
        row[2] += 0 if mode == "8" else 1
    rows = [(key, *row) for key, row in counts.items()]
    return pd.DataFrame(rows, columns=["provenance", "n_stays", "n_closed", "n_not_home"])

# %% stay_counts
from collections import Counter


def stay_counts(stays, rum, diagnoses, laboratory):
    n_rum, n_diagnoses = Counter(rum["stay_id"]), Counter(diagnoses["stay_id"])
    n_results, units = Counter(laboratory["stay_id"]), {}
    for stay, unit in zip(rum["stay_id"], rum["unit"]):
        units.setdefault(stay, set()).add(unit)
    rows = []
    for stay in stays["stay_id"]:
        rows.append(
            {
                "stay_id": stay,
                "n_rum": n_rum[stay],
                "n_units": len(units.get(stay, set())),
                "n_diagnoses": n_diagnoses[stay],
                "n_results": n_results[stay],
            }
        )
    return pd.DataFrame(rows)

# %% local_times
from datetime import timezone
from zoneinfo import ZoneInfo


def in_paris(moment):
    moment = moment.to_pydatetime().replace(tzinfo=timezone.utc)
    return moment.astimezone(ZoneInfo("Europe/Paris")).replace(tzinfo=None)


def local_times(source, until):
    rows = []
    for row in source.to_dict("records"):
        leave = until if pd.isna(row["exit_utc"]) else row["exit_utc"]
        row["entry_local"] = in_paris(row["entry_utc"])
        row["exit_local"] = in_paris(leave)
        row["nights"] = (row["exit_local"].date() - row["entry_local"].date()).days
        row["hours"] = (leave - row["entry_utc"]).total_seconds() / 3600
        rows.append(row)
    return pd.DataFrame(rows)

# %% nights_by_unit_month
def nights_by_unit_month(rum_local):
    nights = {}
    for row in rum_local.itertuples():
        evening = row.entry_local.date()
        while evening < row.exit_local.date():
            key = (row.unit, evening.isoformat()[:7])
            nights[key] = nights.get(key, 0) + 1
            evening += timedelta(days=1)
    rows = [(unit, month, count) for (unit, month), count in nights.items()]
    return pd.DataFrame(rows, columns=["unit", "month", "nights"])

# %% stay_diagnoses
def stay_diagnoses(stays, rum_local, diagnoses):
    code_of, das = {}, {}
    for row in diagnoses.itertuples():
        if pd.isna(row.code):
            continue
        if row.role == "DP":
            code_of[row.rum_id] = row.code
        elif row.role == "DAS":
            das.setdefault(row.stay_id, set()).add(row.code)
    best = {}
    for row in rum_local.itertuples():
        if row.rum_id in code_of:
            found = (row.nights, row.rank, code_of[row.rum_id])
            best[row.stay_id] = max(best.get(row.stay_id, found), found)
    rows = [
        (stay, best[stay][2] if stay in best else None, len(das.get(stay, ())))
        for stay in stays["stay_id"]
    ]
    return pd.DataFrame(rows, columns=["stay_id", "dp", "n_das"])

# %% first_results
def first_results(stays, laboratory):
    entries = dict(zip(stays["stay_id"], stays["entry_utc"]))
    best = {}
    for row in laboratory.to_dict("records"):
        stay = row["stay_id"]
        if stay not in entries or pd.isna(row["value"]) or row["sampled_utc"] < entries[stay]:
            continue
        key, when = (stay, row["label"]), (row["sampled_utc"], row["result_id"])
        if key not in best or when < best[key][0]:
            best[key] = (when, row)
    return pd.DataFrame([row for _, row in best.values()])

# %% stays_mart
def stays_mart(stays_local, counts, coded, firsts):
    counts, coded = counts.set_index("stay_id"), coded.set_index("stay_id")
    blood = firsts[firsts["label"] == "Créatinine"].set_index("stay_id")
    rows = []
    for row in stays_local.to_dict("records"):
        stay = row["stay_id"]
        row["entry_date"] = row["entry_local"].date()
        for name in ("n_rum", "n_results"):
            row[name] = counts.at[stay, name] if stay in counts.index else 0
        row["dp"] = coded.at[stay, "dp"] if stay in coded.index else None
        row["n_das"] = coded.at[stay, "n_das"] if stay in coded.index else 0
        row["creatinine"] = blood.at[stay, "value"] if stay in blood.index else None
        row["creatinine_unit"] = blood.at[stay, "unit"] if stay in blood.index else None
        rows.append(row)
    return pd.DataFrame(rows)

# %% check_mart
def check_mart(mart, stays, rum_local):
    spent = dict.fromkeys(stays["stay_id"], 0)
    for stay, nights in zip(rum_local["stay_id"], rum_local["nights"]):
        if stay in spent:
            spent[stay] += nights
    seen, wrong, unknown = {}, set(), 0
    for stay, nights in zip(mart["stay_id"], mart["nights"]):
        if stay not in spent:
            unknown += 1
            continue
        seen[stay] = seen.get(stay, 0) + 1
        if nights != spent[stay]:
            wrong.add(stay)
    return {
        "lost": len(spent) - len(seen),
        "repeated": sum(seen.values()) - len(seen),
        "unknown": unknown,
        "nights": len(wrong),
    }
