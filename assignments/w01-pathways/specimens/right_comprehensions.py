# ---
# kind: right
# why: "Comprehensions, defaultdict, groupby and min, where the reference has loops."
# ---

# %% drop_repeats
from collections import Counter, defaultdict
from itertools import groupby


def drop_repeats(messages):
    ordered = sorted(messages, key=lambda m: (m["message_id"], m["received_at"]))
    return [next(copies) for _, copies in groupby(ordered, key=lambda m: m["message_id"])]

# %% apply_corrections
def apply_corrections(messages):
    replaced = {m["replaces"] for m in messages if m["replaces"]}
    return [
        m for m in messages if m["kind"] != "cancellation" and m["message_id"] not in replaced
    ]

# %% by_stay
def by_stay(messages):
    stays = defaultdict(list)
    for m in messages:
        stays[m["stay_id"]].append(m)
    for events in stays.values():
        events.sort(key=lambda m: (m["at"], RANK[m["kind"]], m["message_id"]))
    return stays

# %% pathway
def pathway(events):
    times = [datetime.fromisoformat(e["at"]) for e in events] + [None]
    pieces = [
        (e["unit"], times[i], times[i + 1]) for i, e in enumerate(events) if e["kind"] != "discharge"
    ]
    steps = []
    for unit, same in groupby(pieces, key=lambda piece: piece[0]):
        same = list(same)
        steps.append((unit, same[0][1], same[-1][2]))
    return steps

# %% stay_hours
def stay_hours(steps):
    ends = [end for _, _, end in steps]
    return None if None in ends else (max(ends) - steps[0][1]) / timedelta(hours=1)

# %% nights
def nights(steps):
    (_, start, _), (_, _, end) = steps[0], steps[-1]
    return end and end.toordinal() - start.toordinal()

# %% present_at
def present_at(pathways, moment):
    return {
        stay: unit
        for stay, steps in pathways.items()
        for unit, start, end in steps
        if start <= moment < (end or datetime.max)
    }

# %% hourly_count
def hourly_count(pathways, unit, first, hours):
    moments = [first + timedelta(hours=h) for h in range(hours)]
    return [Counter(present_at(pathways, moment).values())[unit] for moment in moments]
