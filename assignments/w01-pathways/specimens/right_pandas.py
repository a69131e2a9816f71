# ---
# kind: right
# why: "pandas where it is known already: Timestamps for datetimes, named tuples for tuples, counts of numpy."
# ---

# %% drop_repeats
from collections import namedtuple

import pandas as pd

Step = namedtuple("Step", ["unit", "start", "end"])


def drop_repeats(messages):
    table = pd.DataFrame(messages).sort_values("received_at")
    return table.drop_duplicates("message_id").to_dict("records")

# %% apply_corrections
def apply_corrections(messages):
    table = pd.DataFrame(messages)
    gone = table["message_id"].isin(table["replaces"].dropna()) | (table["kind"] == "cancellation")
    return table[~gone].to_dict("records")

# %% by_stay
def by_stay(messages):
    table = pd.DataFrame(messages)
    table["rank"] = table["kind"].map(RANK)
    table = table.sort_values(["at", "rank", "message_id"])
    return {stay: rows.to_dict("records") for stay, rows in table.groupby("stay_id")}

# %% pathway
def pathway(events):
    table = pd.DataFrame(events)
    table["start"] = pd.to_datetime(table["at"])
    table = table[table["unit"] != table["unit"].shift(fill_value="")]
    table["end"] = table["start"].shift(-1).astype(object)
    rows = table[table["kind"] != "discharge"]
    return [
        Step(unit, start, None if pd.isna(end) else end)
        for unit, start, end in zip(rows["unit"], rows["start"], rows["end"])
    ]

# %% stay_hours
def stay_hours(steps):
    table = pd.DataFrame(steps, columns=["unit", "start", "end"])
    if table["end"].isna().any():
        return None
    return (table["end"].max() - table["start"].min()) / pd.Timedelta(hours=1)

# %% nights
def nights(steps):
    if pd.isna(steps[-1][2]):
        return None
    first, last = pd.Timestamp(steps[0][1]), pd.Timestamp(steps[-1][2])
    return len(pd.date_range(first.normalize(), last.normalize())) - 1

# %% present_at
def present_at(pathways, moment):
    rows = [(stay, *step) for stay, steps in pathways.items() for step in steps]
    table = pd.DataFrame(rows, columns=["stay", "unit", "start", "end"])
    ends = pd.to_datetime(table["end"])
    here = table[(table["start"] <= moment) & (ends.isna() | (ends > moment))]
    return dict(zip(here["stay"], here["unit"]))

# %% hourly_count
def hourly_count(pathways, unit, first, hours):
    moments = pd.date_range(first, periods=hours, freq="h")
    return [(pd.Series(present_at(pathways, at), dtype=object) == unit).sum() for at in moments]
