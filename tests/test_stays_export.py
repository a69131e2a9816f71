"""The extract of stays: its truth recomputed by other means, and what is planted in it."""

import pandas as pd
import pytest
from health_datasets import StaysExport, stays_export

PLANTED = {
    *("after_midnight", "transfer_after_midnight", "leaves_at_midnight", "month_end"),
    *("spring", "autumn", "comes_back", "still_there"),
    *("no_principal_diagnosis", "same_code_twice", "code_absent", "not_coded"),
    *("no_laboratory", "tie", "no_value", "other_unit", "at_the_entry"),
}


@pytest.fixture(scope="module")
def export() -> StaysExport:
    return stays_export(seed=11)


def planted(export: StaysExport, what: str) -> pd.DataFrame:
    chosen = export.truth.planted.query("what == @what")["stay_id"]
    return export.local("stays")[lambda table: table["stay_id"].isin(chosen)]


def creatinine(export: StaysExport, stays: pd.DataFrame) -> pd.DataFrame:
    found = export.laboratory.query("label == 'Créatinine'").merge(stays, on="stay_id")
    return found[found["sampled_utc"] >= found["entry_utc"]]


def test_a_seed_decides_everything() -> None:
    one, other = stays_export(3), stays_export(4)
    stays_export(5), stays_export(6)  # so that the next is made anew
    again = stays_export(3)
    for name in ("stays", "rum", "diagnoses", "laboratory"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(again, name))
    assert not one.laboratory.equals(other.laboratory)


def test_the_tables_are_the_callers_to_change(export: StaysExport) -> None:
    mine = stays_export(seed=11)
    mine.stays["stay_id"] = "lost"
    mine.truth.stays.loc[:, "nights"] = 0
    assert stays_export(seed=11).stays.equals(export.stays)
    assert stays_export(seed=11).truth.stays.equals(export.truth.stays)


@pytest.mark.parametrize("name", ["stays", "rum"])
def test_times_of_paris_are_those_of_pandas(export: StaysExport, name: str) -> None:
    table = export.local(name)
    leave = table["exit_utc"].fillna(export.until)
    for column, moment in {"entry_local": table["entry_utc"], "exit_local": leave}.items():
        paris = moment.dt.tz_localize("UTC").dt.tz_convert("Europe/Paris").dt.tz_localize(None)
        assert (paris == table[column]).all()
    days = table["exit_local"].dt.normalize() - table["entry_local"].dt.normalize()
    assert (days.dt.days == table["nights"]).all()
    assert (leave - table["entry_utc"]).dt.total_seconds().div(3600).tolist() == pytest.approx(
        table["hours"].tolist()
    )


@pytest.mark.parametrize("seed", [1, 2**32 - 1])
def test_no_night_is_lost_between_stays_units_and_months(seed: int) -> None:
    export = stays_export(seed)
    by_stay = export.local("rum").groupby("stay_id")["nights"].sum()
    truth = export.truth.stays.set_index("stay_id").sort_index()
    assert by_stay.equals(truth["nights"])
    by_unit = export.local("rum").groupby("unit")["nights"].sum()
    assert export.truth.nights.groupby("unit")["nights"].sum().equals(by_unit[by_unit > 0])
    assert export.truth.nights["month"].between("2023-01", "2023-12").all()


def test_units_follow_each_other(export: StaysExport) -> None:
    for _, rums in export.rum.sort_values("rank").groupby("stay_id"):
        assert rums["rank"].tolist() == list(range(1, len(rums) + 1))
        assert rums["exit_utc"].tolist()[:-1] == rums["entry_utc"].tolist()[1:]


def test_counts_diagnoses_and_first_results_recomputed(export: StaysExport) -> None:
    truth = export.truth.stays.set_index("stay_id")
    for name, table in {"n_diagnoses": export.diagnoses, "n_results": export.laboratory}.items():
        assert (table["stay_id"].value_counts().reindex(truth.index).fillna(0) == truth[name]).all()
    coded = export.diagnoses.dropna(subset="code")
    das = coded[coded["role"] == "DAS"].groupby("stay_id")["code"].nunique()
    assert (das.reindex(truth.index).fillna(0) == truth["n_das"]).all()
    dp = export.local("rum").merge(coded[coded["role"] == "DP"], on=["rum_id", "stay_id"])
    dp = dp.sort_values(["nights", "rank"]).groupby("stay_id")["code"].last()
    assert dp.reindex(truth.index).equals(truth["dp"].rename("code"))
    known = export.laboratory.dropna(subset="value").merge(export.stays, on="stay_id")
    known = known[known["sampled_utc"] >= known["entry_utc"]]
    firsts = known.sort_values(["sampled_utc", "result_id"]).drop_duplicates(["stay_id", "label"])
    firsts = firsts.sort_values(["stay_id", "label"])
    for name in ("stay_id", "label", "value", "unit", "sampled_utc"):
        assert firsts[name].tolist() == export.truth.firsts[name].tolist()


def test_each_thing_is_planted_in_stays_of_its_own(export: StaysExport) -> None:
    assert set(export.truth.planted["what"]) == PLANTED
    assert export.truth.planted["stay_id"].is_unique


def test_planted_times(export: StaysExport) -> None:
    entered = planted(export, "after_midnight")
    assert (entered["entry_local"].dt.date > entered["entry_utc"].dt.date).all()
    changes = export.local("rum").sort_values("rank").groupby("stay_id").nth(1)
    moved = changes[changes["stay_id"].isin(planted(export, "transfer_after_midnight")["stay_id"])]
    assert (moved["entry_local"].dt.date > moved["entry_utc"].dt.date).all()
    assert planted(export, "month_end")["entry_local"].dt.is_month_end.all()
    left = planted(export, "leaves_at_midnight")
    assert (left["exit_local"] == left["exit_local"].dt.normalize()).all()
    for what, gained in {"spring": -1, "autumn": 1}.items():
        stays = planted(export, what)
        shown = (stays["exit_local"] - stays["entry_local"]).dt.total_seconds() / 3600
        assert (stays["hours"] - shown).round(6).eq(gained).any()
    assert planted(export, "still_there")["exit_utc"].isna().all()
    assert (export.stays["entry_utc"] < export.until).all()
    assert (export.laboratory["sampled_utc"] < export.until).all()
    local = export.local("rum")
    for stay in planted(export, "comes_back")["stay_id"]:
        units = local[local["stay_id"] == stay]
        assert units["unit"].iloc[0] == units["unit"].iloc[2] != units["unit"].iloc[1]
        assert units["nights"].iloc[0] == units["nights"].iloc[2] > 0


def test_planted_codes_and_results(export: StaysExport) -> None:
    absent = export.diagnoses[export.diagnoses["code"].isna() & (export.diagnoses["role"] == "DAS")]
    assert set(absent["stay_id"]) == set(planted(export, "code_absent")["stay_id"])
    assert absent.duplicated(keep=False).all()
    both = planted(export, "same_code_twice")["stay_id"]
    twice = export.diagnoses.query("role == 'DAS'").groupby("stay_id")["code"]
    assert twice.apply(lambda codes: codes.dropna().duplicated().any())[both].all()
    named = export.diagnoses.query("role == 'DP'").dropna(subset="code")["rum_id"]
    rums = export.local("rum").sort_values(["hours", "rank"], ascending=[True, False])
    longest = rums.groupby("stay_id")["rum_id"].last()
    assert not longest[planted(export, "no_principal_diagnosis")["stay_id"]].isin(named).any()
    counts = export.truth.stays.set_index("stay_id")
    assert (counts.loc[planted(export, "not_coded")["stay_id"], "n_diagnoses"] == 0).all()
    assert (counts.loc[planted(export, "no_laboratory")["stay_id"], "n_results"] == 0).all()
    doubled = creatinine(export, planted(export, "tie"))
    assert doubled.duplicated(["stay_id", "sampled_utc"]).groupby(doubled["stay_id"]).any().all()
    assert (doubled.groupby(["stay_id", "sampled_utc"])["value"].nunique() > 1).any()
    assert set(creatinine(export, planted(export, "other_unit"))["unit"]) == {"mg/L"}
    unknown = creatinine(export, planted(export, "no_value")).sort_values("sampled_utc")
    assert unknown.drop_duplicates("stay_id")["value"].isna().all()
    sharp = creatinine(export, planted(export, "at_the_entry"))
    assert (sharp["sampled_utc"] == sharp["entry_utc"]).groupby(sharp["stay_id"]).any().all()
    assert export.laboratory["stay_id"].isna().sum() == 15


@pytest.mark.parametrize(("seed", "patients"), [(1, 399), (1, 5_001), (-1, 500), (1, 500.0)])
def test_what_is_out_of_range_is_refused(seed: int, patients: int) -> None:
    with pytest.raises(ValueError, match="must be an integer"):
        stays_export(seed, patients)
