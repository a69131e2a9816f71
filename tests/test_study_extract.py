"""The extract of a study: what is planted in it is there, and `truth` says it."""

import pandas as pd
import pytest
from health_datasets import StudyExtract, hospital, study_extract

NO_BREAK = "\u00a0"


@pytest.fixture(scope="module")
def extract() -> StudyExtract:
    return study_extract(seed=4, patients=1_000)


def test_a_seed_gives_one_extract(extract: StudyExtract) -> None:
    again = study_extract(seed=4, patients=1_000)
    for name in ("stays", "visits", "directory", "truth"):
        assert getattr(extract, name).equals(getattr(again, name))
    assert not extract.stays.equals(study_extract(seed=5, patients=1_000).stays)


def test_every_nir_is_that_of_its_patient_however_written(extract: StudyExtract) -> None:
    known = hospital(patients=1_000, seed=4).patients.set_index("patient_id")["nir"]
    for table in (extract.stays, extract.visits):
        rows = table.dropna(subset="nir")
        written = rows["nir"].str.replace(r"\s", "", regex=True).str.upper().str[:13]
        assert (written == rows["patient_id"].map(known).str[:13]).all()
        assert 0 < table["nir"].isna().mean() < 0.05


def test_the_two_tables_write_the_nir_differently(extract: StudyExtract) -> None:
    assert {len(text) for text in extract.stays["nir"].dropna()} == {13, 15, 21}
    assert extract.visits["nir"].dropna().str.contains(NO_BREAK).any()
    assert extract.visits["nir"].dropna().str.contains("2a|2b").any()
    assert not extract.stays["nir"].dropna().str.contains("2a|2b").any()


def test_open_stays_have_neither_exit_nor_mode(extract: StudyExtract) -> None:
    stays = extract.stays
    assert stays["exit_at"].isna().any()
    assert (stays["exit_at"].isna() == stays["exit_mode"].isna()).all()
    assert stays["birth_date"].isna().any()
    assert stays["entry_at"].is_monotonic_increasing


def test_comments_name_some_patients_and_none_without_papers(extract: StudyExtract) -> None:
    stays = extract.stays
    named = stays["comment"].str.contains(r"\d\d/\d\d/\d{4}|06 39 98")
    assert 0.2 < named.mean() < 0.5
    assert not named[stays["nir"].isna()].any()


def test_the_directory_holds_patients_and_others(extract: StudyExtract) -> None:
    both = extract.directory.merge(extract.truth, on="person", validate="one_to_one")
    assert both["patient_id"].isna().mean() == pytest.approx(0.5)
    patients = both.dropna(subset=["patient_id", "birth_date"]).set_index("patient_id")
    source = hospital(patients=1_000, seed=4).patients.set_index("patient_id")
    pd.testing.assert_series_equal(
        patients["birth_date"], source.loc[patients.index, "birth_date"], check_index_type=False
    )


@pytest.mark.parametrize("arguments", [(-1, 1_000), (1, 10), (True, 1_000)])
def test_bad_arguments_are_refused(arguments: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"seed|patients"):
        study_extract(*arguments)
