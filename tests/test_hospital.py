"""The virtual hospital through its public surface."""

import numpy as np
import pandas as pd
import pytest
from health_datasets.hospital.cases import (
    AGE_BANDS,
    CASES,
    CODES,
    COMORBIDITIES,
    UNITS,
    Case,
)
from health_datasets.hospital.facts import Facts, make_facts
from health_datasets.hospital.sites import SITES
from health_datasets.hospital.streams import stream

START = pd.Timestamp("2023-01-01")
MONTH = pd.Timedelta(days=30)


def facts_of(patients: int = 3000, seed: int = 1, sites: int = 1, days: int = 730) -> Facts:
    return make_facts(patients, seed, START, days, SITES[:sites])


@pytest.fixture(scope="module")
def facts() -> Facts:
    return facts_of()


def test_streams_are_independent_by_name_seed_and_site() -> None:
    first = stream(1, "stays").integers(2**60)
    others = [stream(1, "rum"), stream(2, "stays"), stream(1, "stays", site=0)]
    assert first == stream(1, "stays").integers(2**60)
    assert len({first, *(one.integers(2**60) for one in others)}) == 4
    with pytest.raises(ValueError, match="seed must lie"):
        stream(-1, "stays")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_a_case_is_whole(case: Case) -> None:
    codes = [code for code, _ in (*case.dp, *case.das)] + [case.worse]
    assert set(codes) <= set(CODES)
    assert sum(share for _, share in case.dp) == pytest.approx(1)
    assert {case.unit, case.unit_80 or case.unit, case.critical or "REA"} <= set(UNITS)
    assert set(case.raised_by) <= set(COMORBIDITIES)
    assert len(case.shares) == len(AGE_BANDS)


def test_no_stay_overlaps_another_or_follows_death(facts: Facts) -> None:
    stays = facts.stays.assign(begin=facts.stays.arrival_at.fillna(facts.stays.entry_at))
    stays = stays.sort_values(["patient", "begin"])
    same = stays.patient.eq(stays.patient.shift())
    assert (stays.begin >= stays.exit_at.shift())[same].all()
    death = facts.patients.death_at.to_numpy()[stays.patient]
    assert not (stays.exit_at.to_numpy() > death).any()
    assert (stays.exit_at > stays.entry_at).all()
    assert stays.entry_at.min() >= START and stays.begin.max() < facts.end


def test_segments_cover_their_stay(facts: Facts) -> None:
    segments = facts.segments
    first, last = segments.groupby("stay").nth(0), segments.groupby("stay").nth(-1)
    assert first.entry_at.to_list() == facts.stays.entry_at.to_list()
    assert last.exit_at.to_list() == facts.stays.exit_at.to_list()
    follows = segments["rank"] > 1
    assert (segments.entry_at == segments.exit_at.shift())[follows].all()
    assert (segments.unit.astype(str) != segments.unit.astype(str).shift())[follows].all()
    path = segments.groupby("stay").unit.agg(">".join)
    assert path.to_list() == facts.stays.path.to_list()


def test_a_readmission_follows_within_thirty_days(facts: Facts) -> None:
    stays = facts.stays
    back = stays[stays.readmission_of >= 0]
    index = stays.iloc[back.readmission_of]
    gap = back.entry_at.to_numpy() - index.exit_at.to_numpy()
    assert len(back) > 50
    assert (gap > np.timedelta64(0, "s")).all() and (gap <= MONTH.to_timedelta64()).all()
    assert (index.patient.to_numpy() == back.patient.to_numpy()).all()
    assert back.emergency.all() and index.night.all() and not index.dies.any()


def test_newborns_have_a_mother_who_is_there(facts: Facts) -> None:
    stays, patients = facts.stays, facts.patients
    newborn = stays[stays.case == "newborn"].set_index("patient")
    delivery = stays[stays.case == "delivery"].set_index("patient")
    mother = patients.mother[patients.mother >= 0]
    assert len(mother) == len(newborn) == len(delivery) > 10
    assert (patients.sex.iloc[mother] == "F").all()
    before = delivery.loc[mother, "entry_at"].to_numpy()
    assert (before < newborn.loc[mother.index, "entry_at"].to_numpy()).all()
    assert (newborn.entry_at.dt.normalize() == patients.birth_date[newborn.index]).all()


def test_the_same_seed_gives_the_same_facts(facts: Facts) -> None:
    again, other = facts_of(), facts_of(seed=2)
    for name in ("patients", "stays", "segments"):
        pd.testing.assert_frame_equal(getattr(facts, name), getattr(again, name))
    assert not facts.stays.severity.head(100).equals(other.stays.severity.head(100))
