# ---
# kind: wrong
# why: "At the same minute, sorts by number before rank; sorts corrections by reception, then applies them as they come; steps of no length dropped."
# marks:
#   test_corrections_any_order: 0
#   test_by_stay_ties: 0
#   test_pathway_edges: 0
# message:
#   test_corrections_any_order: "avant ce qu'elle corrige"
#   test_by_stay_ties: "puis le numéro"
#   test_pathway_edges: "même minute"
# ---

# %% apply_corrections
def apply_corrections(messages):
    valid = {}
    for message in sorted(messages, key=lambda message: message["received_at"]):
        valid.pop(message["replaces"], None)
        if message["kind"] != "cancellation":
            valid[message["message_id"]] = message
    return list(valid.values())

# %% by_stay
def by_stay(messages):
    stays = {}
    for message in sorted(messages, key=lambda m: (m["at"], m["message_id"])):
        stays.setdefault(message["stay_id"], []).append(message)
    return stays

# %% pathway
def pathway(events):
    steps = []
    for event in events:
        at = datetime.fromisoformat(event["at"])
        if steps and event["unit"] == steps[-1][0]:
            continue
        if steps:
            unit, start, _ = steps.pop()
            if start != at:
                steps.append((unit, start, at))
        if event["kind"] != "discharge":
            steps.append((event["unit"], at, None))
    return steps
