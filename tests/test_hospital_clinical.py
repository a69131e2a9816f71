"""The clinical tables of the virtual hospital: invariants, planted effects, determinism."""

import re
import sys

import numpy as np
import pandas as pd
import pytest
from health_datasets import covid_testing
from health_datasets.virtual_hospital import laboratory as lab
from health_datasets.virtual_hospital.alerts import THRESHOLDS, USUAL_THRESHOLD, true_alerts
from health_datasets.virtual_hospital.analytes import ANALYTE_OF, ANALYTES
from health_datasets.virtual_hospital.course import SUDDEN, course
from health_datasets.virtual_hospital.diagnoses import true_diagnoses
from health_datasets.virtual_hospital.facts import Facts, make_facts
from health_datasets.virtual_hospital.prescriptions import (
    ADJUSTS,
    ADJUSTS_USUALLY,
    REGIMENS,
    egfr,
    true_prescriptions,
)
from health_datasets.virtual_hospital.procedures import ACTS
from health_datasets.virtual_hospital.sites import SITES
from health_datasets.virtual_hospital.streams import stream
from health_datasets.virtual_hospital.tables import definition, table
from health_datasets.virtual_hospital.vitals import news2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

START = pd.Timestamp("2023-01-01")
NAMES = ("laboratory", "vitals", "prescriptions", "procedures", "alerts")
TIMES = {
    "laboratory": ("ordered_at", "sampled_at", "resulted_at"),
    "vitals": ("measured_at",),
    "prescriptions": ("start_at", "end_at"),
    "procedures": ("performed_at",),
    "alerts": ("raised_at", "acknowledged_at"),
}
KINDS = {"str": "OT", "int": "i", "float": "f", "bool": "b", "datetime": "M", "category": "O"}


def facts_of(patients: int = 8000, seed: int = 1, sites: int = 6) -> Facts:
    return make_facts(patients, seed, START, 365, SITES[:sites])


@pytest.fixture(scope="module")
def facts() -> Facts:
    return facts_of()


def stay_of(facts: Facts, frame: pd.DataFrame) -> np.ndarray:
    return pd.Index(facts.stays["stay_id"]).get_indexer(frame["stay_id"])


def digest(frame: pd.DataFrame) -> tuple[int, int]:
    hashed = pd.util.hash_pandas_object(frame, index=True).to_numpy()
    return len(frame), int(hashed.sum(dtype="uint64"))


def auc(score: np.ndarray, event: np.ndarray) -> float:
    rank = pd.Series(score).rank().to_numpy()
    n = event.sum()
    return float((rank[event].sum() - n * (n + 1) / 2) / (n * (len(event) - n)))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**40), patients=st.integers(1, 400), sites=st.integers(1, 6))
def test_every_row_belongs_to_its_stay(seed: int, patients: int, sites: int) -> None:
    facts = facts_of(patients, seed, sites)
    stays = facts.stays
    begin = stays["arrival_at"].fillna(stays["entry_at"]).to_numpy()
    leave, patient = stays["exit_at"].to_numpy(), stays["patient"].to_numpy()
    for name in NAMES:
        frame, columns = table(facts, name), definition(name).columns
        assert list(frame) == [column.name for column in columns]
        for column in columns:
            kind = frame[column.name].dtype
            kind = "O" if isinstance(kind, pd.CategoricalDtype) else kind.kind
            assert kind in KINDS[column.type], (name, column.name)
        assert frame.iloc[:, 0].is_unique
        row = stay_of(facts, frame)
        assert (row >= 0).all()
        owner = facts.patients["patient_id"].to_numpy()[patient[row]]
        assert (frame["patient_id"].to_numpy() == owner).all()
        for column in TIMES[name]:
            known = frame[column].notna().to_numpy()
            at = frame[column].to_numpy()[known]
            assert (at >= begin[row[known]]).all(), (name, column)
            assert (at <= leave[row[known]]).all(), (name, column)


@pytest.mark.parametrize("name", NAMES)
def test_times_follow_each_other_and_nothing_follows_death(facts: Facts, name: str) -> None:
    frame = table(facts, name)
    for earlier, later in zip(TIMES[name], TIMES[name][1:], strict=False):
        both = frame[[earlier, later]].dropna()
        assert (both[earlier] <= both[later]).all()
    death = facts.patients["death_at"].to_numpy()[facts.stays["patient"]][stay_of(facts, frame)]
    for column in TIMES[name]:
        assert not (frame[column].to_numpy() > death).any()


@pytest.mark.parametrize("name", NAMES)
def test_a_table_depends_on_the_seed_alone(name: str) -> None:
    alone = digest(table(facts_of(300, 5), name))
    among = facts_of(300, 5)
    for other in reversed(NAMES):
        table(among, other)
    assert digest(table(among, name)) == alone
    assert digest(table(facts_of(300, 6), name)) != alone


@pytest.mark.parametrize("name", ["laboratory", "vitals", "procedures"])
def test_a_table_draws_from_its_own_stream(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    some, make = facts_of(300, 5), definition(name).make
    assert digest(make(some, 5)) == digest(table(some, name))
    assert digest(make(some, 6)) != digest(table(some, name))
    drawn = set()

    def seen(seed: int, stream_name: str) -> np.random.Generator:
        drawn.add(stream_name.partition(".")[0])
        return stream(seed, stream_name)

    monkeypatch.setattr(sys.modules[make.__module__], "stream", seen)
    make(some, 5)
    assert drawn == {name}


def test_units_and_codes_follow_the_site(facts: Facts) -> None:
    results = table(facts, "laboratory")
    site = facts.stays["site"].to_numpy()[stay_of(facts, results)]
    habits = np.array([one.laboratory_units for one in SITES])[site]
    usual = {}
    for one in ANALYTES:
        rows = (results["label"] == one.french).to_numpy()
        for habit, unit, code in (
            ("SI", one.unit, one.loinc),
            (
                "conventional",
                one.conventional.unit if one.conventional else one.unit,
                one.conventional.loinc if one.conventional else one.loinc,
            ),
        ):
            some = results[rows & (habits == habit)]
            assert set(some["unit"]) <= {unit}
            assert set(some["loinc"]) <= {code}
            usual[one.key, habit] = some["value"].median()
    for key in ("creatinine", "glucose", "haemoglobin", "urea"):
        factor = ANALYTES[ANALYTE_OF[key]].conventional.factor
        assert usual[key, "conventional"] / usual[key, "SI"] == pytest.approx(factor, rel=0.15)


def test_codes_are_well_formed() -> None:
    codes = {one.loinc for one in ANALYTES}
    codes |= {one.conventional.loinc for one in ANALYTES if one.conventional}
    for code in codes:
        # LOINC: the last digit is the check digit, modulo 10
        digits = [int(digit) for digit in reversed(code.replace("-", ""))]
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
        assert (sum(digits[::2]) + sum(doubled)) % 10 == 0, code
    assert all(re.fullmatch(r"[A-Z]\d{2}[A-Z]{2}\d{2}", one.atc) for one in REGIMENS.values())
    assert all(re.fullmatch(r"[A-Z]{4}\d{3}", code) for code in ACTS)


def test_flags_follow_the_interval(facts: Facts) -> None:
    results = table(facts, "laboratory")
    below, above = results["value"] < results["low"], results["value"] > results["high"]
    expected = np.where(below, "L", np.where(above, "H", "N"))
    assert (results["flag"].astype("str").to_numpy() == expected).all()
    dimers = results[results["label"] == "D-dimères"]
    age = facts.stays["age"].to_numpy()[stay_of(facts, dimers)]
    assert (dimers["high"].to_numpy() == np.where(age >= 50, age * 10, 500)).all()


def test_a_regression_finds_the_equation_of_creatinine(facts: Facts) -> None:
    creatinine = ANALYTES[ANALYTE_OF["creatinine"]]
    results = table(facts, "laboratory")
    first = results[results["loinc"] == creatinine.loinc].drop_duplicates("stay_id")
    stays = facts.stays.iloc[stay_of(facts, first)]
    adult = ((stays["age"] >= 15) & stays["deteriorates_at"].isna() & ~stays["dies"]).to_numpy()
    first, stays = first[adult], stays[adult]
    patients = facts.patients.iloc[stays["patient"]]
    names = ["ckd", "diabetes", "heart_failure"]
    features = np.column_stack(
        [
            *(patients[name].to_numpy(dtype=float) for name in names),
            (patients["sex"] == "M").to_numpy(dtype=float),
            (stays["age"].to_numpy() - 60) / 10,
            stays["severity"].to_numpy(),
            pd.get_dummies(stays["case"]).to_numpy(dtype=float),
        ]
    )
    found = np.linalg.lstsq(features, np.log(first["value"].to_numpy(dtype=float)), rcond=None)[0]
    assert found[0] == pytest.approx(creatinine.comorbidity["ckd"], abs=0.04)
    assert found[1] == pytest.approx(creatinine.comorbidity["diabetes"], abs=0.04)
    assert found[2] == pytest.approx(creatinine.comorbidity["heart_failure"], abs=0.05)
    assert found[3] == pytest.approx(np.log(80 / 62), abs=0.03)
    assert found[4] == pytest.approx(creatinine.decade, abs=0.01)
    assert found[5] == pytest.approx(creatinine.acute, abs=0.02)


def test_what_is_not_ordered_informs(facts: Facts) -> None:
    results, stays = table(facts, "laboratory"), facts.stays
    asked = stays["stay_id"].isin(results.loc[results["label"] == "Lactate", "stay_id"])
    sepsis, pneumonia = stays["case"] == "sepsis", stays["case"] == "pneumonia"
    assert asked[sepsis].mean() > 0.7 > 0.5 > asked[pneumonia].mean()
    # at the first draw, where nothing but the severity asks for more
    first = results[results["order_id"].isin(results.drop_duplicates("stay_id")["order_id"])]
    asked = stays["stay_id"].isin(first.loc[first["label"] == "Lactate", "stay_id"])
    severity = stays["severity"][pneumonia & (stays["age"] >= 15)]
    assert severity[asked].mean() > severity[~asked].mean() + 0.35
    none = stays["stay_id"].isin(results["stay_id"]).groupby(stays["case"], observed=True).mean()
    assert none["cataract"] < 0.01 and none["colonoscopy"] < 0.12 < 0.9 < none["sepsis"]


def test_delays_are_those_of_a_real_laboratory() -> None:
    real = covid_testing()
    for who, column, median, spread in (
        ("inpatient", "col_rec_tat", lab.TRANSPORT, lab.TRANSPORT_SPREAD),
        (
            "emergency",
            "col_rec_tat",
            lab.TRANSPORT_EMERGENCY,
            lab.TRANSPORT_EMERGENCY_SPREAD,
        ),
        ("inpatient", "rec_ver_tat", None, lab.ANALYSIS_SPREAD),
    ):
        hours = real.loc[real["patient_class"] == who, column]
        hours = hours[(hours > 0) & (hours < 168)]
        if median is not None:
            assert hours.median() * 60 == pytest.approx(median)
        low, high = np.quantile(np.log(hours), [0.25, 0.75])
        assert (high - low) / 1.349 == pytest.approx(spread, abs=0.01)


def test_generated_delays_follow_them(facts: Facts) -> None:
    results = table(facts, "laboratory")
    site = facts.stays["site"].to_numpy()[stay_of(facts, results)]
    minutes = (results["resulted_at"] - results["sampled_at"]).dt.total_seconds() / 60
    minutes = minutes[(results["label"] == "Sodium").to_numpy()]
    site = site[(results["label"] == "Sodium").to_numpy()]
    assert 80 < minutes[site == 0].median() < 105
    assert 1.4 < minutes[site == 5].median() / minutes[site == 0].median() < 2.0


def test_news2_is_the_chart_of_the_royal_college() -> None:
    usual = {
        **{"respiratory_rate": 16, "spo2": 97, "oxygen": False, "systolic": 120},
        **{"heart_rate": 70, "alert": True, "temperature": 37.0, "scale_2": False},
    }

    def score(**changed: float | bool) -> float:
        values = {key: np.array([value]) for key, value in {**usual, **changed}.items()}
        values = {k: v.astype(float) if v.dtype != bool else v for k, v in values.items()}
        return float(news2(**values)[0])

    bands = {
        "respiratory_rate": {8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3},
        "spo2": {91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0},
        "systolic": {90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3},
        "heart_rate": {40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3},
        "temperature": {35.0: 3, 35.1: 1, 36.0: 1, 36.1: 0, 38.0: 0, 38.1: 1, 39.0: 1, 39.1: 2},
    }
    for name, points in bands.items():
        for value, expected in points.items():
            assert score(**{name: value}) == expected, (name, value)
    assert score(alert=False) == 3 and score(oxygen=True) == 2
    second = {83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 93: 0, 97: 0}
    on_oxygen = {92: 2, 93: 3, 94: 3, 95: 4, 96: 4, 97: 5}
    assert {value: score(spo2=value, scale_2=True) for value in second} == second
    for value, expected in on_oxygen.items():
        assert score(spo2=value, scale_2=True, oxygen=True) == expected
    assert np.isnan(score(temperature=float("nan")))


def test_news2_is_only_for_whom_it_is_meant(facts: Facts) -> None:
    vitals = table(facts, "vitals")
    stays = facts.stays.iloc[stay_of(facts, vitals)]
    without = ((stays["age"] < 16) | (stays["case"] == "delivery")).to_numpy()
    scored = vitals["news2"].notna().to_numpy()
    assert not scored[without].any()
    complete = vitals[["respiratory_rate", "temperature"]].notna().all(axis=1).to_numpy()
    assert (scored == (complete & ~without)).all()


def test_a_deterioration_can_be_foreseen_to_a_known_degree(facts: Facts) -> None:
    vitals = table(facts, "vitals")
    row = stay_of(facts, vitals)
    left = facts.stays["deteriorates_at"].to_numpy()[row] - vitals["measured_at"].to_numpy()
    hours = left / np.timedelta64(3600, "s")
    ward = ~vitals["unit"].isin(["URG", "REA", "USIC", "USINV"]).to_numpy()
    usable = ward & vitals["news2"].notna().to_numpy() & ~(hours <= 0)
    soon = (hours > 0) & (hours <= 12)
    sudden = course(facts).lead[row] <= 1
    score = vitals["news2"].to_numpy()
    worse = facts.stays["deteriorates_at"].notna().to_numpy()
    assert (course(facts).lead <= 1)[worse].mean() == pytest.approx(SUDDEN, abs=0.06)
    # what comes without warning is foreseen by the severity alone
    foreseen = usable & ~(soon & sudden)
    assert 0.8 < auc(score[foreseen], soon[foreseen]) < 0.93
    blind = usable & ~(soon & ~sudden)
    assert 0.5 < auc(score[blind], soon[blind]) < 0.78
    close = usable & ~sudden & (hours <= 6)
    far = usable & ~sudden & (hours > 30)
    assert score[close].mean() > score[far].mean() + 1.5


def test_the_ill_are_observed_more_often(facts: Facts) -> None:
    vitals = table(facts, "vitals")
    row = stay_of(facts, vitals)
    stays = facts.stays
    ward = (vitals["unit"] == "PNEU").to_numpy()
    days = (stays["exit_at"] - stays["entry_at"]).dt.total_seconds() / 86_400
    rate = np.bincount(row[ward], minlength=len(stays)) / days.to_numpy()
    calm = (stays["path"] == "PNEU") & (stays["severity"] < -0.5) & stays["deteriorates_at"].isna()
    ill = (stays["path"] == "PNEU") & (stays["severity"] > 1.5)
    assert rate[ill].mean() > 1.15 * rate[calm].mean()


def test_the_filtration_rate_is_ckd_epi_2021() -> None:
    found = egfr(np.array([88.4, 88.4, 44.2]), np.array([60, 50, 30]), np.array([0, 1, 0]) == 1)
    assert found == pytest.approx([64.5, 91.7, 129.3], abs=0.3)


def test_doses_are_halved_where_they_should_be_at_the_rate_of_the_site(facts: Facts) -> None:
    given_, true = table(facts, "prescriptions"), true_prescriptions(facts)
    assert (given_["prescription_id"].to_numpy() == true["prescription_id"].to_numpy()).all()
    renal = {one.atc for one in REGIMENS.values() if one.renal}
    assert set(given_["atc"][true["should_adjust"]]) <= renal
    metformin = (given_["atc"] == "A10BA02").to_numpy()
    assert (true["should_adjust"] == (true["egfr"] < 45))[metformin].all()
    assert (given_["dose"][metformin] == np.where(true["adjusted"], 500, 1000)[metformin]).all()
    site = facts.stays["site"].to_numpy()[stay_of(facts, given_)]
    need = true["should_adjust"].to_numpy()
    expected = np.array([ADJUSTS.get(one.site_id, ADJUSTS_USUALLY) for one in SITES])[site[need]]
    assert true["adjusted"][need].mean() == pytest.approx(expected.mean(), abs=0.06)
    assert true["adjusted"][~need].mean() < 0.01


def test_a_stay_has_one_prescription_of_a_substance(facts: Facts) -> None:
    found = table(facts, "prescriptions")
    assert not found.duplicated(["stay_id", "atc"]).any()
    stays = facts.stays.iloc[stay_of(facts, found)]
    assert found.loc[found["atc"] == "A10BA02", "home"].any()
    assert stays["night"].to_numpy()[found["home"].to_numpy()].all()
    diabetic = facts.patients["diabetes"].to_numpy()[stays["patient"]]
    assert diabetic[(found["home"] & (found["atc"] == "A10BA02")).to_numpy()].all()


def test_acts_follow_the_diagnosis_the_birth_and_the_unit(facts: Facts) -> None:
    acts, rum = table(facts, "procedures"), table(facts, "rum").set_index("rum_id")
    there = rum.loc[acts["rum_id"]]
    assert (there["unit"].astype("str").to_numpy() == acts["unit"].astype("str").to_numpy()).all()
    assert (there["entry_at"].to_numpy() <= acts["performed_at"].to_numpy()).all()
    assert (there["exit_at"].to_numpy() >= acts["performed_at"].to_numpy()).all()
    found = true_diagnoses(facts)
    principal = found[found["role"] == "DP"].set_index("stay")["code"]
    row = stay_of(facts, acts)
    for act, codes in (("NEKA011", {"S72.00"}), ("NBCA010", {"S72.10"}), ("BFGA004", {"H25.1"})):
        assert set(principal.loc[row[(acts["ccam"] == act).to_numpy()]]) == codes
    births = acts[acts["ccam"].isin(["JQGD010", "JQGD012"])]
    babies = facts.stays[facts.stays["case"] == "newborn"]
    assert len(births) == len(babies)
    assert set(births["performed_at"]) == set(babies["entry_at"])


def test_alerts_cross_the_threshold_of_the_site(facts: Facts) -> None:
    alerts = table(facts, "alerts")
    site = facts.stays["site"].to_numpy()[stay_of(facts, alerts)]
    limits = np.array([THRESHOLDS.get(one.site_id, USUAL_THRESHOLD) for one in SITES])[site]
    score = (alerts["kind"] == "news2").to_numpy()
    assert (alerts["threshold"].to_numpy()[score] == limits[score]).all()
    assert (alerts["score"].to_numpy()[score] >= limits[score]).all()
    assert not alerts["unit"].isin(["REA", "USIC", "USINV"]).any()
    assert set(alerts["kind"]) == {"news2", "potassium", "lactate", "kidney"}
    assert alerts["acknowledged_at"].notna()[alerts["acted_on"]].all()


def test_the_truth_of_alerts_is_that_of_the_stays(facts: Facts) -> None:
    alerts, true = table(facts, "alerts"), true_alerts(facts)
    worse = facts.stays["deteriorates_at"].to_numpy()[stay_of(facts, alerts)]
    left = worse - alerts["raised_at"].to_numpy()
    day = np.timedelta64(24, "h")
    expected = (left > np.timedelta64(0, "s")) & (left <= day)
    assert (true["deterioration_24h"].to_numpy() == expected).all()
    assert not (true["deterioration_24h"] & true["already_worse"]).any()
    # few alerts announce something: that is the fatigue
    new = ~true["already_worse"].to_numpy()
    assert 0.05 < expected[new].mean() < 0.35


def test_alerts_are_acknowledged_less_where_they_are_many(facts: Facts) -> None:
    seen = table(facts, "alerts")["acknowledged_at"].notna().to_numpy()
    load = true_alerts(facts)["load"].to_numpy()
    assert seen[load == 0].mean() > seen[load >= 5].mean() + 0.05
