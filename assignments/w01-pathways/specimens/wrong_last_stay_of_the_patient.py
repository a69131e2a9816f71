# ---
# kind: wrong
# why: "Keeps one stay a patient, the last one; closed intervals; a change of bed restarts the clock of the unit; no step of an open stay has an end."
# marks:
#   test_by_stay: 0
#   test_pathway_open: 0
#   test_pathway_edges: 0
#   test_present_edges: 0
# message:
#   test_present_edges: "plus là"
#   test_by_stay: "manque"
# ---

# %% by_stay
def by_stay(messages):
    ordered = sorted(messages, key=lambda m: (m["at"], RANK[m["kind"]], m["message_id"]))
    last = {}
    for message in ordered:
        last[message["patient_id"]] = message["stay_id"]
    stays = {}
    for message in ordered:
        if last[message["patient_id"]] == message["stay_id"]:
            stays.setdefault(message["stay_id"], []).append(message)
    return stays

# %% pathway
def pathway(events):
    steps = []
    for event in events:
        at = datetime.fromisoformat(event["at"])
        if steps and event["unit"] == steps[-1][0]:
            steps[-1] = (event["unit"], at, None)
            continue
        if steps:
            unit, start, _ = steps[-1]
            steps[-1] = (unit, start, at)
        if event["kind"] != "discharge":
            steps.append((event["unit"], at, None))
    if events[-1]["kind"] != "discharge":
        return [(unit, start, None) for unit, start, _ in steps]
    return steps

# %% present_at
def present_at(pathways, moment):
    present = {}
    for stay_id, steps in pathways.items():
        for unit, start, end in steps:
            if start <= moment and (end is None or moment <= end):
                present[stay_id] = unit
    return present
