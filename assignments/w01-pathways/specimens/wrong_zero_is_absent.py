# ---
# kind: wrong
# why: "Zero is false: a stay of no length becomes unknown; steps begin after their first minute; hours without anybody are left out."
# marks:
#   test_hours: 0
#   test_present_edges: 0
#   test_hourly: 0
#   test_hourly_midnight: 0
# message:
#   test_present_edges: "Qui entre"
# ---

# %% stay_hours
def stay_hours(steps):
    if steps[-1][2] is None:
        return None
    return (steps[-1][2] - steps[0][1]).total_seconds() / 3600 or None

# %% present_at
def present_at(pathways, moment):
    present = {}
    for stay_id, steps in pathways.items():
        for unit, start, end in steps:
            if start < moment and (end is None or moment <= end):
                present[stay_id] = unit
    return present

# %% hourly_count
def hourly_count(pathways, unit, first, hours):
    counts = []
    for number in range(hours):
        here = list(present_at(pathways, first + timedelta(hours=number)).values()).count(unit)
        if here:
            counts.append(here)
    return counts
