# ---
# kind: wrong
# why: "Drops a correction whose original is not there; a pathway by unit, so that a return erases; keeps the length of what is known of an open stay."
# marks:
#   test_corrections_for_good: 0
#   test_pathway_edges: 0
#   test_open_lengths: 0
# message:
#   test_corrections_for_good: "jamais été reçu"
#   test_pathway_edges: "revient"
# ---

# %% apply_corrections
def apply_corrections(messages):
    present = ids_of(messages)
    replaced = {message["replaces"] for message in messages}
    valid = []
    for message in messages:
        known = message["replaces"] is None or message["replaces"] in present
        if known and message["kind"] != "cancellation":
            if message["message_id"] not in replaced:
                valid.append(message)
    return valid

# %% pathway
def pathway(events):
    units = {}
    last = None
    for event in events:
        at = datetime.fromisoformat(event["at"])
        if last is not None and event["unit"] != last:
            units[last] = (units[last][0], at)
        if event["kind"] != "discharge" and event["unit"] != last:
            units[event["unit"]] = (at, None)
        last = event["unit"]
    return [(unit, start, end) for unit, (start, end) in units.items()]

# %% stay_hours
def stay_hours(steps):
    hours = [(end - start).total_seconds() / 3600 for _, start, end in steps if end is not None]
    return sum(hours) if hours else None
