# ---
# kind: trap
# why: "Trusts the order in which messages were received: right in the example, where nothing is late."
# marks:
#   test_by_stay_order: 0
#   test_by_stay_ties: 0
# message:
#   test_by_stay_order: "long after"
# ---

# %% by_stay
def by_stay(messages):
    stays = {}
    for message in sorted(messages, key=lambda m: m["received_at"]):
        stays.setdefault(message["stay_id"], []).append(message)
    return stays
