# ---
# kind: wrong
# why: "A cancellation takes the whole stay away; a stay has a first and a last unit, none between."
# marks:
#   test_corrections: 0
#   test_corrections_any_order: 0
#   test_pathway: 0
#   test_pathway_edges: 0
# message:
#   test_corrections: "son effet"
#   test_pathway: "terminé"
# ---

# %% apply_corrections
def apply_corrections(messages):
    replaced = set()
    closed = set()
    for message in messages:
        if message["kind"] == "cancellation":
            closed.add(message["stay_id"])
        elif message["replaces"] is not None:
            replaced.add(message["replaces"])
    valid = []
    for message in messages:
        if message["stay_id"] not in closed and message["message_id"] not in replaced:
            valid.append(message)
    return valid

# %% pathway
def pathway(events):
    end = None
    arrivals = list(events)
    if events[-1]["kind"] == "discharge":
        end = datetime.fromisoformat(events[-1]["at"])
        arrivals = arrivals[:-1]
    first, last = arrivals[0], arrivals[-1]
    begin = datetime.fromisoformat(first["at"])
    if first["unit"] == last["unit"]:
        return [(first["unit"], begin, end)]
    middle = datetime.fromisoformat(last["at"])
    return [(first["unit"], begin, middle), (last["unit"], middle, end)]
