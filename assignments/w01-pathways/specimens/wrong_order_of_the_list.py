# ---
# kind: wrong
# why: "Keeps the first copy of the list, whenever it was received; ties left as they come; the hour is changed within the day."
# marks:
#   test_repeats_first: 0
#   test_by_stay_ties: 0
#   test_hourly_midnight: 0
# message:
#   test_repeats_first: "received_at"
#   test_by_stay_ties: "RANK"
# ---

# %% drop_repeats
def drop_repeats(messages):
    seen = set()
    unique = []
    for message in messages:
        if message["message_id"] not in seen:
            seen.add(message["message_id"])
            unique.append(message)
    return unique

# %% by_stay
def by_stay(messages):
    stays = {}
    for message in messages:
        if message["stay_id"] not in stays:
            stays[message["stay_id"]] = []
        stays[message["stay_id"]].append(message)
    for stay_id in stays:
        stays[stay_id] = sorted(stays[stay_id], key=lambda message: message["at"])
    return stays

# %% hourly_count
def hourly_count(pathways, unit, first, hours):
    counts = []
    for number in range(hours):
        moment = first.replace(hour=(first.hour + number) % 24)
        counts.append(list(present_at(pathways, moment).values()).count(unit))
    return counts
