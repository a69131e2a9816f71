# ---
# kind: wrong
# why: "Works on the example instead of what it is given; skips a unit already seen; counts a unit from the first arrival to the last departure."
# marks:
#   test_repeats_once: 0
#   test_repeats_first: 0
#   test_pathway_edges: 0
#   test_hourly_midnight: 0
# message:
#   test_repeats_first: "autre ordre"
#   test_pathway_edges: "revient"
#   test_hourly_midnight: "revient"
# ---

# %% drop_repeats
def drop_repeats(messages):
    first = {}
    for message in sorted(EXAMPLE, key=lambda m: m["received_at"]):
        if message["message_id"] not in first:
            first[message["message_id"]] = message
    return list(first.values())

# %% pathway
def pathway(events):
    steps = []
    seen = []
    for event in events:
        at = datetime.fromisoformat(event["at"])
        if event["unit"] in seen:
            continue
        if steps:
            unit, start, _ = steps[-1]
            steps[-1] = (unit, start, at)
        if event["kind"] != "discharge":
            steps.append((event["unit"], at, None))
            seen.append(event["unit"])
    return steps

# %% hourly_count
def hourly_count(pathways, unit, first, hours):
    counts = [0] * hours
    for steps in pathways.values():
        mine = [step for step in steps if step[0] == unit]
        for number in range(hours):
            moment = first + timedelta(hours=number)
            if mine and mine[0][1] <= moment and (mine[-1][2] is None or moment < mine[-1][2]):
                counts[number] += 1
    return counts
