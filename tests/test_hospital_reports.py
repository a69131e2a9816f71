"""The French reports of the virtual hospital and their ground truth."""

import re
from collections import defaultdict
from functools import cache

import pandas as pd
import pytest
from health_datasets.virtual_hospital import hospital
from health_datasets.virtual_hospital.cases import CASES, CODES
from health_datasets.virtual_hospital.diagnoses import true_diagnoses
from health_datasets.virtual_hospital.facts import Facts
from health_datasets.virtual_hospital.reports import write_reports
from health_datasets.virtual_hospital.reports.lexicon import DIAGNOSES, DRUGS, TERMS
from health_datasets.virtual_hospital.reports.phrasebook import SPLITS, Pool, phrases, stories
from hypothesis import given, settings
from hypothesis import strategies as st

ALL = ("crh", "emergency", "discharge_letter", "operative", "imaging")
CLINICAL = ("disease", "symptom", "organism", "situation")
FLAGS = ["negated", "hypothetical", "family", "historical"]


def facts_of(patients: int = 900, seed: int = 1, sites: int = 2) -> Facts:
    return hospital(patients=patients, seed=seed, sites=sites).truth.facts


@cache
def written(split: str = "seen") -> tuple[Facts, pd.DataFrame, pd.DataFrame]:
    facts = facts_of()
    return facts, *write_reports(facts, kinds=ALL, split=split)


@pytest.fixture(scope="module", params=SPLITS)
def corpus(request: pytest.FixtureRequest) -> tuple[Facts, pd.DataFrame, pd.DataFrame]:
    return written(request.param)


def affirmed(entities: pd.DataFrame) -> pd.DataFrame:
    """Mentions of what the patient has now."""
    kept = entities.kind.isin(CLINICAL) & entities.code.notna()
    return entities[kept & ~entities[FLAGS].any(axis=1)]


def check_truth(facts: Facts, reports: pd.DataFrame, entities: pd.DataFrame) -> None:
    texts = dict(zip(reports.report_id, reports.text, strict=True))
    for one in entities.itertuples():
        assert texts[one.report_id][one.start : one.end] == one.text
    known = true_diagnoses(facts)
    known["stay_id"] = facts.stays.stay_id.take(known.stay).to_numpy()
    codes = known.groupby("stay_id").code.agg(set).to_dict()
    principal = known[known.role == "DP"].set_index("stay_id").code.to_dict()
    said: dict[str, set[str]] = defaultdict(set)
    for one in affirmed(entities).itertuples():
        said[one.report_id].add(one.code)
    denied: dict[str, set[str]] = defaultdict(set)
    own = entities[entities.negated & ~entities.family & entities.kind.isin(CLINICAL)]
    for one in own[own.code.notna()].itertuples():
        denied[one.report_id].add(one.code)
    for one in reports.itertuples():
        true = codes[one.stay_id]
        whole = one.kind in ("crh", "discharge_letter")
        assert said[one.report_id] >= (true if whole else {principal[one.stay_id]}), one.text
        assert said[one.report_id] <= true, one.text
        assert not denied[one.report_id] & true, one.text


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), sites=st.integers(1, 6), split=st.sampled_from(SPLITS))
def test_a_report_says_what_is_true_at_any_seed(seed: int, sites: int, split: str) -> None:
    facts = facts_of(120, seed, sites)
    check_truth(facts, *write_reports(facts, kinds=ALL, split=split))


def test_a_report_says_what_is_true(corpus: tuple[Facts, pd.DataFrame, pd.DataFrame]) -> None:
    check_truth(*corpus)


def test_nothing_is_both_affirmed_and_denied(
    corpus: tuple[Facts, pd.DataFrame, pd.DataFrame],
) -> None:
    _, _, entities = corpus
    some = entities[entities.kind.isin(CLINICAL) & ~entities.family]
    present = some[~some[FLAGS].any(axis=1)]
    keys = set(zip(present.report_id, present.concept, strict=True))
    absent = some[some.negated]
    assert len(absent) > 1000
    assert not keys & set(zip(absent.report_id, absent.concept, strict=True))


def test_every_kind_of_truth_occurs(corpus: tuple[Facts, pd.DataFrame, pd.DataFrame]) -> None:
    _, reports, entities = corpus
    assert set(reports.kind) == set(ALL)
    share = entities[entities.kind.isin(CLINICAL)][[*FLAGS, "misspelt", "abbreviated"]].mean()
    assert (share > 0.002).all() and share.negated > 0.2
    assert set(entities.kind) >= {*CLINICAL, "drug", "procedure", "measurement", "identity"}
    figures = entities[entities.kind == "measurement"]
    first = figures.text.str.extract(r"^(\d+(?:,\d+)?)", expand=False).str.replace(",", ".")
    plain = figures.concept != "gestational_age"
    assert (first[plain].astype(float) == figures.value[plain]).all()


def test_all_that_identifies_is_marked(corpus: tuple[Facts, pd.DataFrame, pd.DataFrame]) -> None:
    _, reports, entities = corpus
    people = hospital(patients=900, seed=1, sites=2).patients.set_index("patient_id")
    marked = entities[entities.kind == "identity"]
    spans = {name: list(zip(one.start, one.end, strict=True))
             for name, one in marked.groupby("report_id")}  # fmt: skip
    phone = r"\b0[1-6](?:[ .]?\d\d){4}\b"
    dates = r"\b\d\d[/.]\d\d[/.]\d\d(?:\d\d)?\b|\b\d\d?(?:er)? [a-zéû]+ 20\d\d\b"
    for one in reports.itertuples():
        person = people.loc[one.patient_id]
        names = [person.used_name.upper(), person.first_name, one.patient_id, one.stay_id]
        pattern = "|".join([phone, dates, *(rf"\b{re.escape(name)}\b" for name in names)])
        found = list(re.finditer(pattern, one.text))
        assert len(found) >= 4
        for match in found:
            covered = any(a <= match.start() and match.end() <= b for a, b in spans[one.report_id])
            assert covered, one.text[max(0, match.start() - 40) : match.end() + 10]
    fictional = r"^0(?:199|261|353|465|536|639)(?:00|91|01|71|49|98)"
    phones = marked[marked.concept == "phone"].text.str.replace(r"\D", "", regex=True)
    assert phones.str.match(fictional).all()


def test_sexes_agree(corpus: tuple[Facts, pd.DataFrame, pd.DataFrame]) -> None:
    facts, reports, _ = corpus
    sexes = dict(zip(facts.patients.patient_id, facts.patients.sex, strict=True))
    stem = "patient|(?<!-)né|hospitalisé|opéré|retraité|tombé|scolarisé|étudiant"
    woman = re.compile(rf"\b(?:(?:{stem})e|Mme|fillette|petite fille|accouchement)\b", re.I)
    man = re.compile(rf"\b(?:(?:{stem})|M\.|garçon|petit garçon)(?=[ ,.])", re.I)
    for one in reports.itertuples():
        text = re.sub(r"Mme [A-Z]\S+(?: [A-Z]\S+)* [A-Z]\w+\.", "", one.text)
        if sexes[one.patient_id] == "F":
            assert not man.search(text), text
        elif "Enfant de" not in text and "Mère" not in text:
            assert not woman.search(text), text


def test_nothing_impossible_is_written(corpus: tuple[Facts, pd.DataFrame, pd.DataFrame]) -> None:
    facts, reports, entities = corpus
    stays = facts.stays.set_index("stay_id")
    sexes = dict(zip(facts.patients.patient_id, facts.patients.sex, strict=True))
    rows = reports.merge(stays[["age", "case", "dies", "entry_at", "exit_at"]],
                         left_on="stay_id", right_index=True)  # fmt: skip
    own = entities[~entities.family & ~entities.negated]
    said = own.groupby("report_id").concept.agg(set)
    adult = {"I10", "E11.98", "I50.9", "J44.9", "F03", "hysterectomy", "F17.2", "metformine"}
    for one in rows.itertuples():
        concepts = said[one.report_id]
        if one.case == "newborn":
            assert not concepts & adult
        if sexes[one.patient_id] == "M":
            assert not concepts & {"hysterectomy", "O80.0", "C50.9"}
        else:
            assert not concepts & {"prostate_resection", "C61", "hernia_repair"}
        if one.dies:
            assert one.kind != "discharge_letter"
            assert "retour à domicile" not in one.text.lower() and "RAD" not in one.text
        assert not re.search(r"[\[\]{}|]|  |\.\.|\bde une?\b|\bd'des\b|\bde le\b", one.text)
    inside = rows[~rows.kind.isin(["crh", "emergency"])]
    assert (inside.written_at <= inside.exit_at).all()
    crh = rows[rows.kind == "crh"]
    assert (crh.written_at >= crh.exit_at).all()
    urgent = rows[rows.kind == "emergency"]
    assert (urgent.written_at <= urgent.entry_at).all()


def all_templates() -> list[tuple[str, Pool]]:
    pools = list(phrases().items())
    for case, story in stories().items():
        pools += [(f"{case} {name}", pool) for name, pool in story.pools.items()]
    return pools


def test_held_out_templates_are_disjoint() -> None:
    seen: set[str] = set()
    unseen: set[str] = set()
    for name, pool in all_templates():
        assert pool.prose and pool.brief, name
        # a bare diagnosis in a list is no sentence
        if pool.prose == ("{x}",):
            continue
        assert pool.unseen, name
        seen |= {one.lower() for one in (*pool.prose, *pool.brief)}
        unseen |= {one.lower() for one in pool.unseen}
    # a signature or a bare diagnosis reads the same everywhere
    alike = {one for one in seen & unseen if re.sub(r"\{\w+\}|\W", "", one)}
    assert not alike
    assert len(unseen) >= 250


def test_the_splits_tell_the_same_stays_in_other_words() -> None:
    _, seen, _ = written("seen")
    _, unseen, _ = written("unseen")
    assert seen.report_id.to_list() == unseen.report_id.to_list()

    def sentences(texts: pd.Series) -> set[str]:
        every = texts.str.replace(r"\d+", "0", regex=True).str.split(r"[.\n]").explode()
        kept = every.str.strip()
        # a drug and its dose, or a list of diagnoses, is no sentence of ours
        return {one for one in kept if len(one.split()) > 5 and one[0].isalpha()}

    assert not sentences(seen.text) & sentences(unseen.text)


def test_a_report_does_not_depend_on_the_others() -> None:
    facts, reports, _ = written()
    default, _ = write_reports(facts)
    first, truth = write_reports(facts, max=20)
    pd.testing.assert_frame_equal(first, default.head(20))
    assert set(truth.report_id) == set(first.report_id)
    crh, _ = write_reports(facts, kinds=["crh"], stays=[40, 3, 41])
    again = reports.set_index("report_id").loc[crh.report_id].reset_index()
    assert crh.text.to_list() == again.text.to_list()
    assert write_reports(facts, max=0)[1].empty


def test_the_same_seed_writes_the_same_reports() -> None:
    one, other = hospital(patients=60, seed=4), hospital(patients=60, seed=4)
    pd.testing.assert_frame_equal(one.reports, other.reports)
    pd.testing.assert_frame_equal(one.truth.report_entities, other.truth.report_entities)
    assert set(one.reports.kind) == {"crh", "emergency"}
    assert one.reports.report_id.is_unique
    assert one.reports.text[0] != hospital(patients=60, seed=5).reports.text[0]


def test_the_stays_of_a_patient_agree() -> None:
    _, reports, entities = written()
    phones = entities[entities.concept == "phone"]
    owner = phones.report_id.map(reports.set_index("report_id").patient_id)
    assert (phones.text.groupby(owner).nunique() == 1).all()
    vital = entities[entities.concept == "temperature"]
    stay = vital.report_id.map(reports.set_index("report_id").stay_id)
    assert (vital.value.groupby(stay).nunique() == 1).all()


def test_sites_write_differently() -> None:
    _, reports, entities = written()
    short = entities[entities.kind == "disease"]
    site = short.report_id.map(
        reports.set_index("report_id").text.str.contains("Deux-Rives", regex=False)
    )
    share = short.abbreviated.groupby(site).mean()
    assert share[True] > 1.3 * share[False]


def test_the_lexicon_is_whole() -> None:
    assert set(DIAGNOSES) == set(CODES)
    assert set(stories()) == {case.key for case in CASES}
    for story in stories().values():
        lists = story.lists
        assert {*lists["deny"], *lists["rivals"], *lists["suspect"]} <= set(TERMS)
        assert {*lists["drugs"], *lists["drugs_child"]} <= set(DRUGS) | {"apixaban"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kinds": ["chr"]}, "did you mean 'crh'"),
        ({"split": "test"}, "there are seen, unseen"),
        ({"max": -1}, "0 or more"),
    ],
)
def test_impossible_arguments_say_what_is_possible(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_reports(facts_of(5), **wrong)  # type: ignore[arg-type]
