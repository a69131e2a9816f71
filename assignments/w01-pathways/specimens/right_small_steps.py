# ---
# kind: right
# why: "The long way of a beginner: indexes, flags, helper functions, pops on a copy, steps as lists of their own."
# ---

# %% drop_repeats
def drop_repeats(messages):
    result = []
    for i in range(len(messages)):
        keep = True
        for j in range(len(messages)):
            if messages[i]["message_id"] == messages[j]["message_id"]:
                if messages[j]["received_at"] < messages[i]["received_at"]:
                    keep = False
        if keep:
            result.append(dict(messages[i]))
    return result

# %% apply_corrections
def apply_corrections(messages):
    left = {}
    for m in messages:
        left[m["message_id"]] = m
    for m in messages:
        if m["replaces"] is not None:
            left.pop(m["replaces"], None)
    for number in list(left):
        if left[number]["kind"] == "cancellation":
            del left[number]
    return [left[number] for number in left]

# %% by_stay
def by_stay(messages):
    result = {}
    ordered = sorted(messages, key=lambda m: m["message_id"])
    ordered = sorted(ordered, key=lambda m: RANK[m["kind"]])
    ordered = sorted(ordered, key=lambda m: m["at"])
    for stay in set(m["stay_id"] for m in messages):
        result[stay] = [m for m in ordered if m["stay_id"] == stay]
    return result

# %% pathway
def pathway(events):
    steps = []
    unit = events[0]["unit"]
    start = datetime.strptime(events[0]["at"], "%Y-%m-%dT%H:%M")
    for event in events[1:]:
        moment = datetime.strptime(event["at"], "%Y-%m-%dT%H:%M")
        if event["kind"] == "discharge":
            steps.append([unit, start, moment])
            return steps
        if event["unit"] != unit:
            steps.append([unit, start, moment])
            unit = event["unit"]
            start = moment
    steps.append([unit, start, None])
    return steps

# %% stay_hours
def stay_hours(steps):
    hours = 0
    for step in steps:
        if step[2] is None:
            return None
        elapsed = step[2] - step[1]
        hours += elapsed.days * 24 + elapsed.seconds / 3600
    return hours

# %% nights
def nights(steps):
    end = steps[-1][-1]
    if end is None:
        return None
    day = steps[0][1].replace(hour=0, minute=0)
    count = 0
    while day + timedelta(days=1) <= end:
        day += timedelta(days=1)
        count += 1
    return count

# %% present_at
def present_at(pathways, moment):
    result = {}
    for stay in pathways:
        for step in pathways[stay]:
            begun = step[1] <= moment
            if step[2] is None:
                ended = False
            else:
                ended = step[2] <= moment
            if begun and not ended:
                result[stay] = step[0]
                break
    return result

# %% hourly_count
def hourly_count(pathways, unit, first, hours):
    result = [0] * hours
    for steps in pathways.values():
        for where, start, end in steps:
            moment = first
            for place in range(hours):
                if where == unit and start <= moment and (end is None or moment < end):
                    result[place] += 1
                moment = moment + timedelta(minutes=60)
    return result
