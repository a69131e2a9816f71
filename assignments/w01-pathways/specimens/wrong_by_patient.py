# ---
# kind: wrong
# why: "Groups by patient; an open stay ends at its last event; nights are periods of 24 hours."
# marks:
#   test_by_stay: 0
#   test_pathway_open: 0
#   test_nights: 0
# message:
#   test_by_stay: "patients"
#   test_nights: "vingt-quatre heures"
# ---

# %% by_stay
def by_stay(messages):
    stays = {}
    for message in sorted(
        messages, key=lambda m: (m["at"], RANK[m["kind"]], m["message_id"])
    ):
        stays.setdefault(message["patient_id"], []).append(message)
    return stays

# %% pathway
def pathway(events):
    steps = []
    for event in events:
        at = datetime.fromisoformat(event["at"])
        if steps and event["unit"] == steps[-1][0]:
            continue
        if steps:
            unit, start, _ = steps[-1]
            steps[-1] = (unit, start, at)
        if event["kind"] != "discharge":
            steps.append((event["unit"], at, at))
    return steps

# %% nights
def nights(steps):
    if steps[-1][2] is None:
        return None
    return (steps[-1][2] - steps[0][1]).days
