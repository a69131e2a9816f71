# ---
# kind: wrong
# why: "An open stay lasts zero; hours lose their days; an open step is there even before it begins; arrivals counted for presents."
# marks:
#   test_hours: 0
#   test_nights: 0
#   test_open_lengths: 0
#   test_present: 0
#   test_hourly: 0
#   test_hourly_midnight: 0
# ---

# %% stay_hours
def stay_hours(steps):
    if steps[-1][2] is None:
        return 0.0
    return (steps[-1][2] - steps[0][1]).seconds / 3600

# %% nights
def nights(steps):
    total = 0
    for unit, start, end in steps:
        if end is not None:
            total = total + end.day - start.day
    return total

# %% present_at
def present_at(pathways, moment):
    present = {}
    for stay_id, steps in pathways.items():
        for unit, start, end in steps:
            if end is None or start <= moment < end:
                present[stay_id] = unit
    return present

# %% hourly_count
def hourly_count(pathways, unit, first, hours):
    counts = [0] * hours
    for steps in pathways.values():
        for where, start, end in steps:
            for number in range(hours):
                moment = first + timedelta(hours=number)
                if where == unit and moment - timedelta(hours=1) < start <= moment:
                    counts[number] += 1
    return counts
