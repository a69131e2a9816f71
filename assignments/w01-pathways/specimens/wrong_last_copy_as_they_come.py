# ---
# kind: wrong
# why: "A dictionary by number keeps the last copy; a correction is applied only to what was read before it; an open stay is taken for a finished one."
# marks:
#   test_repeats_first: 0
#   test_corrections_any_order: 0
#   test_present: 0
# message:
#   test_repeats_first: "A3"
# ---

# %% drop_repeats
def drop_repeats(messages):
    unique = {}
    for message in messages:
        unique[message["message_id"]] = message
    return list(unique.values())

# %% apply_corrections
def apply_corrections(messages):
    valid = {}
    for message in messages:
        if message["replaces"] in valid:
            del valid[message["replaces"]]
        if message["kind"] != "cancellation":
            valid[message["message_id"]] = message
    return list(valid.values())

# %% present_at
def present_at(pathways, moment):
    present = {}
    for stay_id, steps in pathways.items():
        for unit, start, end in steps:
            if end is not None and start <= moment < end:
                present[stay_id] = unit
    return present
