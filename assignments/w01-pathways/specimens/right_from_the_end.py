# ---
# kind: right
# why: "Walks backwards and by recursion; a generator, a sort into tuples, a set of times."
# ---

# %% drop_repeats
def drop_repeats(messages):
    latest_first = sorted(messages, key=lambda m: m["received_at"], reverse=True)
    return list({m["message_id"]: m for m in latest_first}.values())

# %% apply_corrections
def apply_corrections(messages):
    def valid(message):
        return message["kind"] != "cancellation" and not any(
            other["replaces"] == message["message_id"] for other in messages
        )

    return list(filter(valid, messages))

# %% by_stay
def by_stay(messages):
    rows = sorted(
        (m["stay_id"], m["at"], RANK[m["kind"]], m["message_id"], place)
        for place, m in enumerate(messages)
    )
    stays = {}
    for stay, *_, place in rows:
        stays.setdefault(stay, []).append(messages[place])
    return stays

# %% pathway
def pathway(events, end=None):
    if not events:
        return []
    *before, last = events
    at = datetime.fromisoformat(last["at"])
    if last["kind"] == "discharge":
        return pathway(before, at)
    if before and before[-1]["unit"] == last["unit"]:
        return pathway(before, end)
    return pathway(before, at) + [(last["unit"], at, end)]

# %% nights
def nights(steps):
    if steps[-1][2] is None:
        return None
    midnight = datetime.min.time()
    first = datetime.combine(steps[0][1], midnight)
    last = datetime.combine(steps[-1][2], midnight)
    return (last - first) // timedelta(days=1)

# %% present_at
def present_at(pathways, moment):
    present = {}
    for stay, steps in pathways.items():
        if steps[-1][2] is not None and steps[-1][2] <= moment:
            continue
        begun = [unit for unit, start, _ in steps if start <= moment]
        if begun:
            present[stay] = begun[-1]
    return present

# %% hourly_count
def hourly_count(pathways, unit, first, hours):
    if hours == 0:
        return []
    now = sum(where == unit for where in present_at(pathways, first).values())
    return [now, *hourly_count(pathways, unit, first + timedelta(hours=1), hours - 1)]
