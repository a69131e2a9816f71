# ---
# kind: wrong
# why: "A table by hour of the day, which a second day overwrites; sorts by reception, then as the statement says; lists who is absent."
# marks:
#   test_by_stay_order: 0
#   test_present: 0
#   test_hourly_midnight: 0
# message:
#   test_by_stay_order: "longtemps après"
#   test_present: "de trop"
#   test_hourly_midnight: "vingt-quatre"
# ---

# %% by_stay
def by_stay(messages):
    stays = {}
    for message in sorted(
        messages, key=lambda m: (m["received_at"], RANK[m["kind"]], m["message_id"])
    ):
        stays.setdefault(message["stay_id"], []).append(message)
    return stays

# %% present_at
def present_at(pathways, moment):
    present = {}
    for stay_id, steps in pathways.items():
        present[stay_id] = None
        for unit, start, end in steps:
            if start <= moment and (end is None or moment < end):
                present[stay_id] = unit
    return present

# %% hourly_count
def hourly_count(pathways, unit, first, hours):
    table = {}
    for number in range(hours):
        moment = first + timedelta(hours=number)
        table[moment.hour] = list(present_at(pathways, moment).values()).count(unit)
    return list(table.values())
