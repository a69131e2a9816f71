"""The table `events`: one log of what happens to each case, for process mining.

A case is a stay, with the visit to the emergency department that led to it, or a visit alone.
"""

from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.cases import UNITS
from health_datasets.virtual_hospital.equations import Array
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.identity import EMERGENCY_UNIT
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import Column, Table, table

ACTIVITIES: Final = (
    *("emergency_arrival", "triage", "first_contact", "decision", "left_unseen"),
    *("emergency_exit", "admission", "bed_change", "transfer", "deterioration"),
    *("discharge", "death"),
)
# which member of the staff does it; nobody for arrivals and exits
ROLE: Final = {
    "triage": "nurse",
    "first_contact": "physician",
    "decision": "physician",
    "admission": "nurse",
    "bed_change": "nursing_assistant",
    "transfer": "nurse",
    "deterioration": "nurse",
    "discharge": "physician",
    "death": "physician",
}


def _piece(
    frame: pd.DataFrame, activity: str, at: str, unit: pd.Series | str, case: str
) -> pd.DataFrame:
    code = ACTIVITIES.index(activity)
    part = pd.DataFrame(
        {
            "case_id": frame[case],
            "patient_id": frame["patient_id"],
            "site_id": frame["site_id"],
            "activity": pd.Categorical.from_codes(
                np.full(len(frame), code), categories=list(ACTIVITIES)
            ),
            "at": frame[at],
            "unit": pd.Categorical(
                np.full(len(frame), unit, dtype=object) if isinstance(unit, str) else unit,
                categories=[EMERGENCY_UNIT, *UNITS],
            ),
        }
    )
    return part[part["at"].notna()]


def _emergency_events(facts: Facts) -> list[pd.DataFrame]:
    visits = table(facts, "emergency_visits")
    visits["case"] = visits["stay_id"].fillna(visits["visit_id"])
    unseen = visits[visits["orientation"] == "PSA"]
    alone = visits[visits["stay_id"].isna() & (visits["orientation"] != "PSA").fillna(True)]
    steps = (
        (visits, "emergency_arrival", "arrival_at"),
        (visits, "triage", "triage_at"),
        (visits, "first_contact", "first_contact_at"),
        (visits, "decision", "decision_at"),
        (unseen, "left_unseen", "exit_at"),
        (alone, "emergency_exit", "exit_at"),
    )
    return [_piece(some, name, at, EMERGENCY_UNIT, "case") for some, name, at in steps]


def _stay_events(facts: Facts) -> list[pd.DataFrame]:
    moves = table(facts, "movements")
    parts = []
    for kind in ("admission", "transfer", "bed_change"):
        some = moves[moves["kind"] == kind]
        parts.append(_piece(some, kind, "from_at", some["unit"].astype(object), "stay_id"))
    final = moves.drop_duplicates("stay_id", keep="last").reset_index(drop=True)
    dies = facts.stays["dies"].to_numpy()
    for activity, some in (("discharge", final[~dies]), ("death", final[dies])):
        parts.append(_piece(some, activity, "to_at", some["unit"].astype(object), "stay_id"))
    worse = facts.stays["deteriorates_at"]
    some = final.assign(worse_at=worse)[worse.notna().to_numpy()]
    where = _unit_at(facts, some.index.to_numpy(), some["worse_at"])
    parts.append(_piece(some, "deterioration", "worse_at", where, "stay_id"))
    return parts


def _unit_at(facts: Facts, stay: Array, at: pd.Series) -> pd.Series:
    """Return the unit in which these stays are at a moment."""
    segments = facts.segments
    wide = np.int64(2**40)
    begin = segments["entry_at"].to_numpy().astype("datetime64[s]").astype("int64")
    key = segments["stay"].to_numpy() * wide + begin
    moment = at.to_numpy().astype("datetime64[s]").astype("int64")
    row = np.searchsorted(key, stay * wide + moment, side="right") - 1
    return pd.Series(segments["unit"].to_numpy().astype(object)[row], index=at.index)


def _resources(facts: Facts, rng: np.random.Generator, log: pd.DataFrame) -> pd.Series:
    """Draw who of the unit's staff does each activity; missing where nobody does."""
    staff = table(facts, "staff")
    roles = list(staff["role"].cat.categories)
    units = [EMERGENCY_UNIT, *UNITS]
    sites = {name: position for position, name in enumerate(facts.sites["site_id"])}

    def place(site: pd.Series, unit: pd.Series, role: Array) -> Array:
        code = unit.cat.codes.to_numpy().astype("int64")
        where = site.map(sites).to_numpy().astype("int64")
        return (where * len(units) + code) * len(roles) + role

    wanted = np.array([roles.index(ROLE[one]) if one in ROLE else -1 for one in ACTIVITIES])
    role = wanted[log["activity"].cat.codes.to_numpy()]
    home = place(staff["site_id"], staff["unit"], staff["role"].cat.codes.to_numpy())
    order = np.argsort(home, kind="stable")
    asked = place(log["site_id"], log["unit"], role.clip(0))
    first = np.searchsorted(home[order], asked, side="left")
    count = np.searchsorted(home[order], asked, side="right") - first
    row = order[first + (rng.random(len(log)) * count).astype("int64")]
    names = staff["staff_id"].to_numpy().astype(object)[row]
    return pd.Series(np.where(role < 0, None, names), dtype="str")


def make_events(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `events`."""
    rng = stream(seed, "events")
    log = pd.concat([*_emergency_events(facts), *_stay_events(facts)], ignore_index=True)
    # at the same minute, the order of the activities
    second = log["at"].to_numpy().astype("datetime64[s]").astype("int64")
    step = log["activity"].cat.codes.to_numpy()
    case = pd.factorize(log["case_id"], sort=True)[0]
    order = np.lexsort((step, case, second))
    log = log.iloc[order].reset_index(drop=True)
    log["resource"] = _resources(facts, rng, log)
    number = np.char.mod("E%09d", np.arange(1, len(log) + 1))
    log.insert(0, "event_id", pd.Series(number, dtype="str"))
    return log


TABLES: Final = (
    Table(
        "events",
        "Journal d'événements, pour la fouille de processus",
        "Event log, for process mining",
        (
            Column("event_id", "str", "number, by time", key="primary", french="numéro, par heure"),
            Column(
                "case_id",
                "str",
                "stay_id, or visit_id of a visit without stay",
                french="stay_id, ou visit_id d'un passage sans séjour",
            ),
            Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
            Column("site_id", "str", "site", french="site"),
            Column("activity", "category", ", ".join(ACTIVITIES), french="ce qui se passe"),
            Column("at", "datetime", "when", french="quand"),
            Column(
                "unit",
                "category",
                "URG (emergency department) or a key of cases.UNITS",
                french="URG (urgences) ou une clé de cases.UNITS",
            ),
            Column(
                "resource",
                "str",
                "who does it, if somebody does",
                key="staff.staff_id",
                french="qui le fait, si quelqu'un le fait",
            ),
        ),
        make_events,
    ),
)
