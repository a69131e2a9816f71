# ---
# kind: wrong
# why: "Sorts the list that it was given; a cancelled correction brings the first message back; rounds the hours; counts the nights of an open stay up to its last move."
# marks:
#   test_repeats_once: 0
#   test_corrections_for_good: 0
#   test_hours: 0
#   test_open_lengths: 0
# message:
#   test_repeats_once: "a changé"
#   test_corrections_for_good: "remplaçait"
#   test_open_lengths: "nuits"
# ---

# %% drop_repeats
def drop_repeats(messages):
    messages.sort(key=lambda message: message["received_at"])
    seen = []
    unique = []
    for message in messages:
        if message["message_id"] not in seen:
            seen.append(message["message_id"])
            unique.append(message)
    return unique

# %% apply_corrections
def apply_corrections(messages):
    cancelled = {m["replaces"] for m in messages if m["kind"] == "cancellation"}
    left = [
        m for m in messages if m["kind"] != "cancellation" and m["message_id"] not in cancelled
    ]
    replaced = {m["replaces"] for m in left}
    return [m for m in left if m["message_id"] not in replaced]

# %% stay_hours
def stay_hours(steps):
    if steps[-1][2] is None:
        return None
    return round((steps[-1][2] - steps[0][1]).total_seconds() / 3600, 1)

# %% nights
def nights(steps):
    ends = [end for _, _, end in steps if end is not None]
    return (ends[-1].date() - steps[0][1].date()).days if ends else None
