"""The table `movements`: which bed each patient is in, from when to when."""

from heapq import heappop, heappush, heapreplace
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital.cases import UNITS
from health_datasets.virtual_hospital.equations import Array
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.pmsi import rum_identifiers
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import Column, Table

# share of the passages of two days or more with a change of bed inside the unit (assumption)
CHANGE_SHARE: Final = 0.12


def _pieces(facts: Facts, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Cut some passages in two; return their segment, begin and end (seconds)."""
    segments = facts.segments
    begin = segments["entry_at"].to_numpy().astype("datetime64[s]").astype("int64")
    end = segments["exit_at"].to_numpy().astype("datetime64[s]").astype("int64")
    n = len(segments)
    cut = (end - begin > 2 * 86_400) & (rng.random(n) < CHANGE_SHARE)
    part = rng.uniform(0.2, 0.8, n)
    at = begin + ((end - begin) * part).astype("int64") // 60 * 60
    row = np.concatenate([np.arange(n), np.flatnonzero(cut)])
    start = np.concatenate([begin, at[cut]])
    stop = np.concatenate([np.where(cut, at, end), end[cut]])
    order = np.lexsort((start, row))
    return row[order], start[order], stop[order]


def assign_beds(begin: list[int], end: list[int], patient: list[int]) -> list[int]:
    """Give each interval, in the order of their begin, the lowest free bed (from 1).

    A bed left at a minute can be taken at that minute, but not by the patient who leaves it:
    that would be no movement. O(n log n).
    """
    busy: list[tuple[int, int, int]] = []
    free: list[int] = []
    number = 0
    beds = []
    for start, stop, who in zip(begin, end, patient, strict=True):
        own = 0
        while busy and busy[0][0] <= start:
            left, bed, owner = heappop(busy)
            heappush(free, bed)
            if left == start and owner == who:
                own = bed
        if free and free[0] != own:
            bed = heappop(free)
        elif len(free) > 1:
            # the next lowest, the patient's own one staying free
            heappop(free)
            bed = heapreplace(free, own)
        else:
            number += 1
            bed = number
        heappush(busy, (stop, bed, who))
        beds.append(bed)
    return beds


def make_movements(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `movements`."""
    rng = stream(seed, "movements")
    row, begin, end = _pieces(facts, rng)
    segments = facts.segments
    stay = segments["stay"].to_numpy()[row]
    unit = segments["unit"].cat.codes.to_numpy().astype("int64")[row]
    site = facts.stays["site"].to_numpy()[stay]
    place = site * len(UNITS) + unit
    order = np.lexsort((stay, begin, place))
    limits = np.searchsorted(place[order], np.arange(len(facts.sites) * len(UNITS) + 1))
    bed = np.zeros(len(row), dtype="int64")
    for first, last in pairwise(limits):
        some = order[first:last]
        bed[some] = assign_beds(begin[some].tolist(), end[some].tolist(), stay[some].tolist())
    names = np.array(list(UNITS), dtype=object)
    label = pd.Series(facts.sites["site_id"].to_numpy().astype(object)[site], dtype="str")
    label = label + "-" + pd.Series(names[unit], dtype="str")
    label = label + "-" + pd.Series(np.char.mod("%03d", bed), dtype="str")
    number = np.arange(len(row))
    rank = number - np.searchsorted(stay, stay, side="left")
    stays = facts.stays
    table = pd.DataFrame(
        {
            "movement_id": pd.Series(np.char.mod("M%08d", number + 1), dtype="str"),
            "stay_id": stays["stay_id"].take(stay).reset_index(drop=True),
            "rum_id": rum_identifiers(facts).take(row).reset_index(drop=True),
            "patient_id": facts.patients["patient_id"]
            .take(stays["patient"].to_numpy()[stay])
            .reset_index(drop=True),
            "site_id": facts.sites["site_id"].take(site).reset_index(drop=True),
            "unit": pd.Categorical.from_codes(unit, categories=list(UNITS)),
            "bed": label,
            "kind": pd.Categorical.from_codes(
                np.where(rank == 0, 0, np.where(_again(row), 2, 1)),
                categories=["admission", "transfer", "bed_change"],
            ),
            "from_at": begin.astype("datetime64[s]"),
            "to_at": end.astype("datetime64[s]"),
        }
    )
    return table


def _again(row: Array) -> Array:
    """Tell which pieces are the second one of their passage."""
    again = np.zeros(len(row), dtype=bool)
    again[1:] = row[1:] == row[:-1]
    return again


TABLES: Final = (
    Table(
        "movements",
        "Mouvements, lit par lit",
        "Movements, bed by bed",
        (
            Column(
                "movement_id",
                "str",
                "number, by stay and time",
                key="primary",
                french="numéro, par séjour et par heure",
            ),
            Column("stay_id", "str", "stay", key="stays.stay_id", french="séjour"),
            Column(
                "rum_id",
                "str",
                "medical unit summary",
                key="rum.rum_id",
                french="résumé d'unité médicale",
            ),
            Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
            Column("site_id", "str", "site", french="site"),
            Column(
                "unit",
                "category",
                "medical unit, a key of cases.UNITS",
                french="unité médicale, une clé de cases.UNITS",
            ),
            Column(
                "bed",
                "str",
                "bed or place: site, unit, number",
                french="lit ou place : site, unité, numéro",
            ),
            Column(
                "kind",
                "category",
                "admission, transfer (unit), bed_change (same unit)",
                french="admission, transfer (changement d'unité), bed_change (de lit, même unité)",
            ),
            Column(
                "from_at",
                "datetime",
                "begin, the end of the movement before",
                french="début, fin du mouvement précédent",
            ),
            Column("to_at", "datetime", "end", french="fin"),
        ),
        make_movements,
    ),
)
