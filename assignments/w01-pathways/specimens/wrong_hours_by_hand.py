# ---
# kind: wrong
# why: "Adds one to the number of the hour, which fails after 23; corrections applied, cancellations only put aside; kinds of the same minute by the alphabet."
# marks:
#   test_corrections: 0
#   test_by_stay_ties: 0
#   test_hourly_midnight: 0
# message:
#   test_by_stay_ties: "puis le numéro"
#   test_hourly_midnight: "avance d'une heure"
# ---

# %% apply_corrections
def apply_corrections(messages):
    corrected = [m["replaces"] for m in messages if m["kind"] != "cancellation"]
    return [
        m for m in messages if m["kind"] != "cancellation" and m["message_id"] not in corrected
    ]

# %% by_stay
def by_stay(messages):
    stays = {}
    for message in sorted(messages, key=lambda m: (m["at"], m["kind"], m["message_id"])):
        stays.setdefault(message["stay_id"], []).append(message)
    return stays

# %% hourly_count
def hourly_count(pathways, unit, first, hours):
    counts = []
    moment = first
    for _ in range(hours):
        counts.append(list(present_at(pathways, moment).values()).count(unit))
        moment = moment.replace(hour=moment.hour + 1)
    return counts
