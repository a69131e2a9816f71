# ---
# kind: wrong
# why: "Calls two messages that say the same a repeat; forgets to remove cancellations; a bed is a step."
# marks:
#   test_repeats_once: 0
#   test_corrections: 0
#   test_pathway_edges: 0
# message:
#   test_repeats_once: "message_id"
# ---

# %% drop_repeats
def drop_repeats(messages):
    unique = {}
    for message in sorted(messages, key=lambda message: message["received_at"]):
        said = (message["stay_id"], message["kind"], message["unit"], message["at"])
        if said not in unique:
            unique[said] = message
    return list(unique.values())

# %% apply_corrections
def apply_corrections(messages):
    replaced = [message["replaces"] for message in messages]
    return [message for message in messages if message["message_id"] not in replaced]

# %% pathway
def pathway(events):
    steps = []
    for place, event in enumerate(events):
        if event["kind"] != "discharge":
            end = None
            if place + 1 < len(events):
                end = datetime.fromisoformat(events[place + 1]["at"])
            steps.append((event["unit"], datetime.fromisoformat(event["at"]), end))
    return steps
