"""What leaves the virtual hospital: exports with planted defects, Parquet, DuckDB, FHIR, OMOP."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from health_datasets.virtual_hospital import Column, Hospital, UnknownTableError, hospital
from health_datasets.virtual_hospital.export import DefectError, Export, defect_kinds, export, plant
from health_datasets.virtual_hospital.export.fhir import InvalidResourceError, check_fhir, to_fhir
from health_datasets.virtual_hospital.export.fhir_resources import BUILDERS
from health_datasets.virtual_hospital.export.omop import omop_tables, specification, to_omop
from health_datasets.virtual_hospital.export.outputs import read_parquet, to_duckdb, to_parquet
from hypothesis import example, given, settings
from hypothesis import strategies as st

ROWS = 600
COPIES = ("exact_duplicate", "near_duplicate")
VERSIONS = ("contradiction", "late_correction")
ABSENCES = ("missing_at_random", "missing_not_at_random")
KINDS = list(defect_kinds()["kind"])


@pytest.fixture(scope="module")
def group() -> Hospital:
    return hospital(150, seed=5, sites=2)


def _laboratory() -> pd.DataFrame:
    """A table in which every kind of defect has cells to hit; values by hand, of nobody."""
    rng = np.random.default_rng(11)
    glucose = rng.random(ROWS) < 0.5
    sampled = np.datetime64("2023-01-03T08:00:00", "s") + np.sort(
        rng.integers(0, 700 * 86_400, ROWS)
    ) * np.timedelta64(1, "s")
    value = np.where(glucose, rng.normal(6, 1.2, ROWS), rng.normal(135, 12, ROWS)).round(1)
    return pd.DataFrame(
        {
            "result_id": np.arange(1, ROWS + 1),
            "patient_id": pd.Series([f"P{i % 90 + 1:07d}" for i in range(ROWS)], dtype="str"),
            "loinc": pd.Categorical(np.where(glucose, "14749-6", "718-7")),
            "value": value,
            "unit": pd.Categorical(np.where(glucose, "mmol/L", "g/L")),
            "ward": pd.Series(rng.choice(["Réanimation", "Médecine", "Été"], ROWS), dtype="str"),
            "device": pd.Series(rng.choice([f"D{i}" for i in range(6)], ROWS), dtype="str"),
            "platelets": rng.integers(400, 400_000, ROWS),
            "urgent": rng.random(ROWS) < 0.3,
            "sampled_at": sampled,
            "resulted_at": sampled + np.timedelta64(47 * 60, "s"),
        }
    )


LABORATORY = (
    Column("result_id", "int", "number", key="primary"),
    Column("patient_id", "str", "patient", key="patients.patient_id"),
    Column("loinc", "category", "code"),
    Column("value", "float", "result"),
    Column("unit", "category", "unit"),
    Column("ward", "str", "ward"),
    Column("device", "str", "analyser"),
    Column("platelets", "int", "count"),
    Column("urgent", "bool", "urgent"),
    Column("sampled_at", "datetime", "sampling"),
    Column("resulted_at", "datetime", "result"),
)


def _plant(defects: Any, seed: int = 1) -> Export:
    return plant({"laboratory": _laboratory()}, {"laboratory": LABORATORY}, defects, seed)


def _usual(values: pd.Series, as_text: bool) -> list[str]:
    """Text of a column in its usual form, dates French in columns that are text."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        form = "%d/%m/%Y %H:%M:%S" if as_text else "%Y-%m-%d %H:%M:%S"
        if as_text and (values.dropna() == values.dropna().dt.normalize()).all():
            form = "%d/%m/%Y"
        return list(values.dt.strftime(form).fillna("").astype("str"))
    if pd.api.types.is_float_dtype(values.dtype):
        return ["" if np.isnan(v) else str(v).removesuffix(".0") for v in values.to_numpy()]
    return ["" if pd.isna(value) else str(value) for value in values]


def _differing(result: Export, name: str = "laboratory") -> set[tuple[int, str]]:
    """Cells (row of the truth, column) of which a version in the file is not the true text."""
    table, truth = result.tables[name], result.truth[name]
    rows, found = result.rows[name], set()
    for column in truth.columns:
        as_text = table[column].dtype == "str"
        true = np.array(_usual(truth[column], as_text), dtype=object)[rows]
        for row, is_, should in zip(rows, _usual(table[column], as_text), true, strict=True):
            if is_ != should:
                found.add((int(row), column))
    return found


def _listed(result: Export, name: str = "laboratory") -> set[tuple[int, str]]:
    defects = result.defects[result.defects["table"] == name]
    defects = defects[~defects["column"].isin(["", "exported_at"])]
    return set(zip(defects["row"], defects["column"], strict=True))


# --- defects planted on demand


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_planted_and_the_list_is_exactly_what_is_wrong(kind: str) -> None:
    result = _plant([kind])
    assert set(result.defects["kind"]) == {kind}
    assert _differing(result) == _listed(result)
    copies = len(result.tables["laboratory"]) - ROWS
    assert copies == (len(result.defects) if kind in (*COPIES, *VERSIONS) else 0)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), share=st.floats(0.01, 0.4))
@example(seed=863084, share=0.25)  # two clocks whose faults undid each other
def test_whatever_the_seed_and_the_shares_the_list_is_exact(seed: int, share: float) -> None:
    result = _plant(dict.fromkeys(KINDS, share), seed)
    assert set(result.defects["kind"]) == set(KINDS)
    assert _differing(result) == _listed(result)


def test_what_the_list_says_is_written_stands_in_the_file() -> None:
    result = _plant("all")
    table = result.tables["laboratory"]
    some = result.defects[~result.defects["kind"].isin(ABSENCES) & (result.defects["column"] != "")]
    for column, part in some.groupby("column"):
        written = _usual(table[column].iloc[part["written_row"]].reset_index(drop=True), False)
        exact = part["written"].fillna("").tolist()
        assert written == exact


def test_the_clean_tables_stay_beside_as_they_were() -> None:
    source = _laboratory()
    result = _plant("all")
    pd.testing.assert_frame_equal(result.truth["laboratory"], source)


def test_the_same_seed_plants_the_same_defects_and_another_seed_others() -> None:
    first, again, other = _plant("all", 3), _plant("all", 3), _plant("all", 4)
    pd.testing.assert_frame_equal(first.tables["laboratory"], again.tables["laboratory"])
    pd.testing.assert_frame_equal(first.defects, again.defects)
    assert _listed(first) != _listed(other)


# a row is out of order among those around it, copies among them
@pytest.mark.parametrize("kind", sorted({*KINDS} - {*ABSENCES, "out_of_order"}))
def test_asking_for_other_defects_moves_none(kind: str) -> None:
    alone, together = _plant([kind]), _plant("all")
    columns = ["row", "column"]
    here = alone.defects[columns].drop_duplicates()
    there = together.defects[together.defects["kind"] == kind][columns].drop_duplicates()
    moved = there.merge(here, how="left", indicator=True)["_merge"] == "left_only"
    assert not moved.any()
    gone = here.merge(there, how="left", indicator=True).query("_merge == 'left_only'")
    others = together.defects[together.defects["kind"] != kind]
    hidden = gone[columns].merge(others[columns].drop_duplicates(), how="left", indicator=True)
    assert (hidden["_merge"] == "both").all()


def test_more_defects_of_a_kind_than_its_share_are_not_planted() -> None:
    result = _plant({"stray_spaces": 0.1, "swapped_day_month": 1})
    counts = result.defects.groupby(["kind", "column"]).size()
    assert counts["stray_spaces", "ward"] == round(0.1 * ROWS)
    day, month = (getattr(_laboratory()["sampled_at"].dt, part) for part in ("day", "month"))
    assert counts["swapped_day_month", "sampled_at"] == ((day <= 12) & (day != month)).sum()


def test_swapped_days_and_months_swap_back() -> None:
    result = _plant({"swapped_day_month": 0.5})
    some = result.defects
    written = pd.to_datetime(some["written"], format="%Y-%m-%d %H:%M:%S")
    true = pd.to_datetime(some["true"], format="%Y-%m-%d %H:%M:%S")
    assert (written.dt.day == true.dt.month).all() and (written.dt.month == true.dt.day).all()
    assert (written.dt.time == true.dt.time).all()


def test_orphans_point_at_nobody() -> None:
    result = _plant({"orphan_key": 0.1})
    known = set(_laboratory()["patient_id"])
    assert not known & set(result.defects["written"])
    assert set(result.defects["true"]) <= known


def test_lost_zeros_are_those_of_a_spreadsheet() -> None:
    some = _plant({"lost_zeros": 0.2}).defects
    assert (some["written"].str[1:].astype(int) == some["true"].str[1:].astype(int)).all()
    assert not some["written"].str.startswith("P0").any()


def test_mojibake_is_utf_8_read_as_cp1252() -> None:
    some = _plant({"mojibake": 0.5}).defects
    assert {"RÃ©animation", "MÃ©decine", "Ã‰tÃ©"} == set(some["written"])
    mended = [text.encode("cp1252").decode("utf-8") for text in some["written"]]
    assert mended == list(some["true"])


def test_numbers_and_dates_are_written_as_french_software_writes_them() -> None:
    result = _plant(["decimal_comma", "thousands_space", "mixed_dates"])
    table = result.tables["laboratory"]
    assert table["value"].str.fullmatch(r"\d+([.,]\d)?").all()
    assert table["platelets"].str.fullmatch(r"\d+|\d{1,3}([ \u00a0]\d{3})+").all()
    form = r"\d\d/\d\d/\d{4} .*|\d{14}|\d{4}-.*|\d+ [a-zéû.]+ \d{4} \d\dh\d\d(:\d\d)?"
    assert table["sampled_at"].str.fullmatch(form).all()
    assert table["sampled_at"].str.contains("h").any()


@pytest.mark.parametrize("kind", ["unit_change", "silent_unit_change"])
def test_a_unit_changes_at_a_date_and_for_one_analyte(kind: str) -> None:
    result = _plant([kind])
    values = result.defects[result.defects["column"] == "value"]
    truth = result.truth["laboratory"].loc[values["row"]]
    assert truth["loinc"].nunique() == 1
    detail = result.mechanisms["detail"].iloc[0]
    date = pd.Timestamp(detail[-10:])
    same = result.truth["laboratory"]["loinc"] == truth["loinc"].iloc[0]
    after = same & (result.truth["laboratory"]["resulted_at"] >= date)
    assert set(values["row"]) == set(np.flatnonzero(after))
    changed = set(result.defects["column"])
    assert changed == ({"value", "unit"} if kind == "unit_change" else {"value"})
    ratio = values["written"].astype(float) / values["true"].astype(float)
    assert ratio.max() / ratio.min() < 1.02


def test_one_clock_is_wrong_by_whole_hours() -> None:
    result = _plant(["shifted_clock"])
    some, truth = result.defects, result.truth["laboratory"]
    shift = pd.to_datetime(some["written"]) - pd.to_datetime(some["true"])
    hours = shift.dt.total_seconds() / 3600
    assert hours.nunique() == 1 and hours.iloc[0] in (-3, -2, -1, 1, 2, 3)
    device = truth.loc[some["row"], "device"]
    assert device.nunique() == 1
    assert set(some["row"]) == set(np.flatnonzero(truth["device"] == device.iloc[0]))
    assert result.mechanisms["detail"].tolist() == [
        f"device {device.iloc[0]}: {hours.iloc[0]:+.0f} h"
    ]


def test_a_clock_left_in_winter_time_is_late_in_summer_only() -> None:
    result = _plant(["missed_dst"])
    truth = result.truth["laboratory"]["resulted_at"].dt.tz_localize(
        "Europe/Paris", ambiguous=True, nonexistent="shift_forward"
    )
    summer = truth.map(lambda moment: moment.dst().total_seconds() > 0)
    device = result.truth["laboratory"].loc[result.defects["row"], "device"].iloc[0]
    same = result.truth["laboratory"]["device"] == device
    assert set(result.defects["row"]) == set(np.flatnonzero(same & summer))


def test_absences_depend_on_another_column_or_on_the_value_itself() -> None:
    result = _plant({"missing_not_at_random": 0.2})
    gone = result.defects[result.defects["column"] == "platelets"]["row"]
    truth = result.truth["laboratory"]
    assert truth.loc[gone, "platelets"].mean() > 1.15 * truth["platelets"].mean()
    result = _plant({"missing_at_random": 0.2})
    detail = result.mechanisms.set_index("column")["detail"]["platelets"]
    assert detail.startswith("four times as often where loinc is one of ")
    gone = result.defects[result.defects["column"] == "platelets"]["row"]
    often = detail.rpartition(" ")[2]
    share = truth["loinc"].eq(often).groupby(truth.index.isin(gone)).mean()
    assert share[True] > share[False] + 0.1


def test_rows_written_again_come_later_or_beside() -> None:
    result = _plant([*COPIES, *VERSIONS])
    table, rows = result.tables["laboratory"], result.rows["laboratory"]
    assert table["exported_at"].is_monotonic_increasing
    near = result.defects[result.defects["kind"] == "near_duplicate"]
    assert (pd.to_datetime(near["written"]) > pd.to_datetime(near["true"])).all()
    exact = result.defects[result.defects["kind"] == "exact_duplicate"]
    assert table.duplicated().sum() >= len(exact)
    late = result.defects[result.defects["kind"] == "late_correction"]
    for one in late.itertuples():
        last = table[rows == one.row].iloc[-1]
        assert _usual(pd.Series([last[one.column]]), False) == [one.true]


def _mended(result: Export) -> pd.DataFrame:
    """The truth, laid out as a learner's cleaned table: one version of each row, in order."""
    table = result.tables["laboratory"]
    order = table["exported_at"].sort_values(kind="stable").index
    rows = pd.Series(result.rows["laboratory"], index=table.index)[order].drop_duplicates()
    return result.truth["laboratory"].loc[rows].set_axis(rows.index)


def test_repairs_are_counted_kind_by_kind() -> None:
    result = _plant("all")
    planted = result.defects.groupby("kind").size()
    untouched = result.repaired("laboratory", result.tables["laboratory"]).set_index("kind")
    assert untouched["planted"].to_dict() == planted.to_dict()
    assert (untouched["repaired"] == 0).all()
    whole = result.repaired("laboratory", _mended(result))
    assert (whole["repaired"] == whole["planted"]).all() and (whole["lost"] == 0).all()


def test_half_a_repair_counts_half() -> None:
    result = _plant(["exact_duplicate", "stray_spaces", "decimal_comma"])
    table = result.tables["laboratory"]
    words = {name: table[name].str.strip() for name in ("loinc", "unit", "ward", "device")}
    cleaned = table.drop_duplicates().assign(**words)
    count = result.repaired("laboratory", cleaned).set_index("kind")
    assert count["repaired"]["exact_duplicate"] == count["planted"]["exact_duplicate"]
    assert count["repaired"]["stray_spaces"] == count["planted"]["stray_spaces"]
    assert count["repaired"]["decimal_comma"] == 0
    dropped = result.repaired("laboratory", table[~table["value"].str.contains(",")])
    commas = dropped.set_index("kind").loc["decimal_comma"]
    assert commas["lost"] > 0 and commas["repaired"] == 0


def test_wrong_demands_are_refused_with_a_sentence() -> None:
    with pytest.raises(DefectError, match="did you mean 'decimal_comma'"):
        _plant(["decimal_coma"])
    for share in (-0.1, 1.5, float("nan"), "much", True):
        with pytest.raises(DefectError, match="from 0 to 1"):
            _plant({"mojibake": share})
    frame = _laboratory()[["result_id", "urgent"]]
    with pytest.raises(DefectError, match="laboratory cannot hold the defect 'mojibake'"):
        plant({"laboratory": frame}, {"laboratory": LABORATORY}, ["mojibake"], 1)
    with pytest.raises(DefectError, match="no meaning is given for the column 'odd'"):
        plant({"laboratory": frame.assign(odd=1)}, {"laboratory": LABORATORY}, "all", 1)


def test_a_hospital_exports_its_tables(group: Hospital) -> None:
    result = group.export(["stays", "patients"], defects="all", seed=2)
    assert list(result.tables) == ["stays", "patients"]
    assert set(result.defects["table"]) == {"stays", "patients"}
    pd.testing.assert_frame_equal(result.truth["stays"], group.stays)
    with pytest.raises(UnknownTableError, match="did you mean 'stays'"):
        group.export("stay", defects="all", seed=2)


def test_all_tables_of_a_hospital_can_be_exported(group: Hospital) -> None:
    result = group.export(defects="all", seed=2)
    assert set(result.tables) == set(group.tables) == set(result.defects["table"])
    for name in result.tables:
        assert _differing(result, name) == _listed(result, name), name


# --- files


def test_an_export_is_written_as_french_csv_files(tmp_path: Path, group: Hospital) -> None:
    result = group.export(["patients", "stays"], defects={"exact_duplicate": 0.1}, seed=2)
    folder = result.write(tmp_path / "export")
    assert sorted(path.name for path in folder.iterdir()) == ["patients.csv", "stays.csv"]
    text = (folder / "stays.csv").read_bytes()
    assert text.count(b"\r\n") == len(result.tables["stays"]) + 1
    read = pd.read_csv(
        folder / "stays.csv",
        sep=";",
        decimal=",",
        encoding=result.encoding("stays"),
        dtype={"stay_id": "str"},
    )
    assert list(read["length_days"]) == list(result.tables["stays"]["length_days"])
    moments = pd.to_datetime(read["entry_at"], format="%d/%m/%Y %H:%M:%S")
    assert list(moments) == list(result.tables["stays"]["entry_at"])
    names = pd.read_csv(folder / "patients.csv", sep=";", encoding=result.encoding("patients"))
    assert list(names["birth_name"]) == list(result.tables["patients"]["birth_name"])


def test_tables_of_an_export_are_in_one_encoding_or_the_other() -> None:
    found = {_plant("stray_spaces", seed).encoding("laboratory") for seed in range(20)}
    assert found == {"utf-8", "cp1252"}


Writer = Callable[[Hospital, Path], Any]
FOLDERS: list[Writer] = [
    lambda group, path: group.export("stays", defects="all", seed=1).write(path),
    to_parquet,
    to_fhir,
    to_omop,
]


@pytest.mark.parametrize("write", FOLDERS)
def test_a_folder_in_use_is_left_alone(write: Writer, group: Hospital, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept", "utf-8")
    with pytest.raises(FileExistsError, match="not empty: give a new folder"):
        write(group, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    with pytest.raises(FileNotFoundError, match="make it first"):
        write(group, tmp_path / "absent" / "folder")


@pytest.mark.parametrize("write", FOLDERS)
def test_an_empty_folder_is_filled(write: Writer, group: Hospital, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    write(group, target)
    assert any(target.iterdir()) and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("write", [to_parquet, to_fhir, to_omop, to_duckdb])
def test_nothing_half_written_is_left(write: Writer, group: Hospital, tmp_path: Path) -> None:
    class Unwritable:
        def __str__(self) -> str:
            raise RuntimeError("the disk is full")

    staff = group.staff.assign(last_name=[Unwritable() for _ in group.staff.index])
    nobody = group.patients.assign(sex="X")  # OMOP's writer reads no name, but asks for a gender
    broken: Any = SimpleNamespace(tables={**group.tables, "patients": nobody, "staff": staff})
    with pytest.raises((RuntimeError, duckdb.Error)):
        write(broken, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_parquet_files_give_the_tables_back(group: Hospital, tmp_path: Path) -> None:
    folder = group.to_parquet(tmp_path / "tables")
    for name in group.tables:
        frame = read_parquet(folder / f"{name}.parquet")
        pd.testing.assert_frame_equal(frame, group.table(name))
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_parquet(folder / "none.parquet")


def test_a_duckdb_database_gives_the_tables_back(group: Hospital, tmp_path: Path) -> None:
    path = group.to_duckdb(tmp_path / "hospital.duckdb")
    with duckdb.connect(str(path), read_only=True) as connection:
        for name in group.tables:
            frame = connection.execute(f"SELECT * FROM {name}").df()
            # an ENUM of DuckDB comes back as an ordered category, a column of NULL as objects
            expected = group.table(name).copy()
            for column in expected:
                if expected[column].dtype == "category":
                    expected[column] = expected[column].cat.as_ordered()
                elif expected[column].isna().all():
                    frame[column] = frame[column].astype(expected[column].dtype)
            pd.testing.assert_frame_equal(frame, expected)
        comments = dict(
            connection.execute(
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'stays'"
            ).fetchall()
        )
    assert comments["stay_id"].endswith("; primary key")
    assert comments["patient_id"].endswith("; key of patients.patient_id")
    assert "unit: days" in comments["length_days"]
    with pytest.raises(FileExistsError, match="give a new name"):
        group.to_duckdb(path)


@pytest.mark.parametrize("write", [to_parquet, to_duckdb, to_omop])
def test_without_duckdb_the_command_that_installs_it_is_given(
    write: Writer, group: Hospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'duckdb>=2,<3'"):
        write(group, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


# --- FHIR and OMOP


def _clinical(group: Hospital) -> SimpleNamespace:
    """The hospital's tables, those of care made by hand: what becomes of each row is known."""
    stay = group.stays.iloc[[0, 1]].reset_index(drop=True)
    common = {"stay_id": stay["stay_id"], "patient_id": stay["patient_id"]}
    time, rum = stay["entry_at"], group.rum.drop_duplicates("stay_id").set_index("stay_id")
    summer = pd.to_datetime(["2023-07-01 10:00:00", "2023-12-01 10:00:00"]).astype("datetime64[s]")
    number = np.array([1, 2])
    made = {
        "laboratory": pd.DataFrame(
            {"result_id": number, "order_id": [7, 7], **common, "loinc": ["718-7", "14682-9"],
             "label": ["Hémoglobine", "Créatinine"], "value": [131.0, np.nan],
             "unit": ["g/L", "µmol/L"], "low": [120.0, -np.inf], "high": [160.0, np.nan],
             "flag": ["N", "H"], "sampled_at": summer, "resulted_at": summer}
        ),
        "vitals": pd.DataFrame(
            {"vital_id": number, **common, "measured_at": time, "heart_rate": [80.0, np.nan],
             "respiratory_rate": [16.0, 18.0], "spo2": [97.0, 95.0], "oxygen": [0.0, 2.0],
             "temperature": np.array([36.3, 38.1], dtype="float32"), "systolic": [120.0, np.nan],
             "diastolic": [70.0, 60.0]}
        ),
        "procedures": pd.DataFrame(
            {"procedure_id": number, **common, "rum_id": rum.loc[stay["stay_id"], "rum_id"].array,
             "ccam": ["DEQP003", "DEQP003"], "label": "Électrocardiographie", "performed_at": time}
        ),
        "prescriptions": pd.DataFrame(
            {"prescription_id": number, **common, "atc": ["A10BA02", "B01AB05"],
             "drug": ["metformine", "énoxaparine"], "dose": [1000.0, 4000.0],
             "unit": ["mg", "UI"], "route": ["orale", "sous-cutanée"], "start_at": time,
             "end_at": stay["exit_at"]}
        ),
        "reports": pd.DataFrame(
            {"report_id": ["R1", "R2"], **common, "kind": "compte rendu", "written_at": time,
             "text": ["Pas de fièvre.", 'Dit "non" ; été.']}
        ),
    }  # fmt: skip
    return SimpleNamespace(tables={**group.tables, **made})


def _as_generated(group: Hospital) -> Hospital:
    return group


@pytest.mark.parametrize("tables", [_as_generated, _clinical])
def test_fhir_resources_are_valid_and_their_references_resolve(
    tables: Callable[[Hospital], Any], group: Hospital, tmp_path: Path
) -> None:
    pytest.importorskip("fhir.resources")
    counts = to_fhir(tables(group), tmp_path / "fhir")
    assert set(counts) == {kind for kind, _, _ in BUILDERS}
    checked = check_fhir(tmp_path / "fhir", sample=40).set_index("type")
    assert checked["resources"].to_dict() == counts
    assert (checked["validated"] > 0).all()
    assert counts["Patient"] == len(group.patients)
    assert counts["Encounter"] == sum(
        len(group.table(name)) for name in ("stays", "rum", "emergency_visits")
    )


def _resources(folder: Path, kind: str) -> dict[str, Any]:
    lines = (folder / f"{kind}.ndjson").read_text("utf-8").splitlines()
    return {one["id"]: one for one in map(json.loads, lines)}


def test_fhir_says_what_the_tables_say(group: Hospital, tmp_path: Path) -> None:
    source = _clinical(group)
    to_fhir(source, tmp_path / "fhir")
    patients = _resources(tmp_path / "fhir", "Patient")
    first = group.patients.iloc[0]
    one = patients[first["patient_id"]]
    assert one["birthDate"] == f"{first['birth_date']:%Y-%m-%d}"
    assert one["name"][0]["family"] == first["birth_name"]
    number = {item["system"]: item["value"] for item in one["identifier"]}
    assert number["urn:oid:1.2.250.1.213.1.4.11"] == first["nir"]
    assert "urn:oid:1.2.250.1.213.1.4.8" not in number  # the one of real people
    stays = _resources(tmp_path / "fhir", "Encounter")
    stay = group.stays.iloc[0]
    start = pd.Timestamp(stays[stay["stay_id"]]["period"]["start"])
    paris = stay["entry_at"].tz_localize("Europe/Paris", ambiguous=True)
    assert start == paris
    observations = _resources(tmp_path / "fhir", "Observation")
    haemoglobin = observations["L1"]["valueQuantity"]
    assert (haemoglobin["value"], haemoglobin["code"]) == (131, "g/L")
    assert observations["L1"]["effectiveDateTime"] == "2023-07-01T10:00:00+02:00"
    assert observations["L2"]["effectiveDateTime"] == "2023-12-01T10:00:00+01:00"
    assert "valueQuantity" not in observations["L2"]
    assert "referenceRange" not in observations["L2"]
    quantity = observations["V-temperature-1"]["valueQuantity"]
    assert quantity["value"] == 36.3 and quantity["code"] == "Cel"


def test_broken_fhir_is_found(group: Hospital, tmp_path: Path) -> None:
    pytest.importorskip("fhir.resources")
    folder = tmp_path / "fhir"
    group.to_fhir(folder)
    text = (folder / "Patient.ndjson").read_text("utf-8")
    (folder / "Patient.ndjson").write_text(text.replace('"gender":"f', '"gendre":"f'), "utf-8")
    with pytest.raises(InvalidResourceError, match=r"Patient.ndjson, line"):
        check_fhir(folder, sample=10_000)
    (folder / "Patient.ndjson").write_text(text.split("\n", 1)[1], "utf-8")
    with pytest.raises(InvalidResourceError, match="no Patient/"):
        check_fhir(folder)
    with pytest.raises(FileNotFoundError, match=r"no \.ndjson file"):
        check_fhir(tmp_path)


def test_without_fhir_resources_the_command_that_installs_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fhir.resources.R4B", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install .fhir\.resources"):
        check_fhir(tmp_path)


@pytest.fixture(scope="module", params=[_as_generated, _clinical])
def omop(request: pytest.FixtureRequest, group: Hospital) -> dict[str, pd.DataFrame]:
    return omop_tables(request.param(group))


def test_omop_tables_have_the_columns_of_the_standard(omop: dict[str, pd.DataFrame]) -> None:
    assert list(omop) == list(specification())
    for name, columns in specification().items():
        frame = omop[name]
        assert list(frame.columns) == list(columns)
        assert len(frame) > 0
        for column, text in columns.items():
            if " required" in text:
                assert frame[column].notna().all(), f"{name}.{column}"
            if " primary" in text:
                assert frame[column].is_unique, f"{name}.{column}"
            if text.startswith("varchar(") and "max" not in text:
                size = int(text[8:].split(")")[0])
                assert frame[column].str.len().fillna(0).max() <= size, f"{name}.{column}"
            if " -> " in text:
                table, key = text.split(" -> ")[1].split(".")
                known = frame[column].dropna()
                assert known.isin(omop[table][key]).all(), f"{name}.{column}"


def test_omop_says_what_the_tables_say(group: Hospital, omop: dict[str, pd.DataFrame]) -> None:
    visits = omop["visit_occurrence"]
    alone = group.emergency_visits["stay_id"].isna()
    assert len(visits) == len(group.stays) + alone.sum()
    assert (visits["visit_concept_id"] == 9203).sum() == alone.sum()
    through = group.stays["stay_id"].isin(group.emergency_visits["stay_id"])
    assert (visits["visit_concept_id"] == 262).sum() == through.sum()
    assert set(visits["visit_concept_id"]) <= {9201, 9202, 9203, 262}
    assert (visits["visit_end_datetime"] >= visits["visit_start_datetime"]).all()
    assert omop["person"]["gender_source_value"].map({"M": 8507, "F": 8532}).tolist() == list(
        omop["person"]["gender_concept_id"]
    )
    assert len(omop["death"]) == group.patients["death_date"].notna().sum()
    conditions = omop["condition_occurrence"]
    coded = len(group.diagnoses) + group.emergency_visits["dp"].notna().sum()
    assert len(conditions) == coded
    assert (conditions["condition_concept_id"] == 0).all()
    inside = visits.set_index("visit_occurrence_id").loc[
        omop["visit_detail"]["visit_occurrence_id"]
    ]
    starts = inside["visit_start_datetime"].to_numpy()
    assert (omop["visit_detail"]["visit_detail_start_datetime"].to_numpy() >= starts).all()
    period = omop["observation_period"].set_index("person_id").loc[visits["person_id"]]
    begin = period["observation_period_start_date"].to_numpy()
    assert (visits["visit_start_date"].to_numpy() >= begin).all()


def test_omop_measures_what_the_tables_measure(group: Hospital) -> None:
    found = omop_tables(_clinical(group))["measurement"].set_index("measurement_source_value")
    haemoglobin, creatinine = found.loc["718-7"], found.loc["14682-9"]
    assert haemoglobin[["value_as_number", "unit_source_value"]].tolist() == [131, "g/L"]
    assert haemoglobin[["range_low", "range_high"]].tolist() == [120, 160]
    assert haemoglobin["measurement_datetime"] == pd.Timestamp("2023-07-01 10:00:00")
    assert creatinine[["value_as_number", "range_low", "range_high"]].isna().all()
    assert found.loc["8310-5", "value_as_number"].tolist() == [36.3, 38.1]
    assert found.loc["8867-4", "value_as_number"] == 80  # absent in the second set of signs


def test_omop_is_written_with_the_types_of_the_standard(group: Hospital, tmp_path: Path) -> None:
    path = group.to_omop(tmp_path / "omop.duckdb")
    folder = group.to_omop(tmp_path / "omop")
    with duckdb.connect(str(path), read_only=True) as connection:
        types = dict(
            connection.execute(
                "SELECT column_name, data_type FROM duckdb_columns() "
                "WHERE table_name = 'visit_occurrence'"
            ).fetchall()
        )
        count = connection.execute("SELECT count(*) FROM person").fetchone()
        file = folder / "visit_occurrence.parquet"
        kinds = dict(row[:2] for row in connection.execute(f"DESCRIBE FROM '{file}'").fetchall())
    assert types["visit_start_date"] == kinds["visit_start_date"] == "DATE"
    assert types["visit_start_datetime"] == kinds["visit_start_datetime"] == "TIMESTAMP"
    assert types["person_id"] == kinds["person_id"] == "INTEGER"
    assert count == (len(group.patients),)
    assert sorted(path.stem for path in folder.iterdir()) == sorted(specification())


def test_a_hospital_of_one_patient_leaves_in_every_format(tmp_path: Path) -> None:
    tiny = hospital(1, seed=3, days=30)
    tiny.export(defects="all", seed=1).write(tmp_path / "export")
    tiny.to_parquet(tmp_path / "parquet")
    tiny.to_duckdb(tmp_path / "hospital.duckdb")
    assert tiny.to_fhir(tmp_path / "fhir")["Patient"] == 1
    tiny.to_omop(tmp_path / "omop.duckdb")
    assert len(omop_tables(tiny)["person"]) == 1


def test_an_export_by_function_and_by_method_are_one(group: Hospital) -> None:
    one = export(group, "staff", defects="stray_spaces", seed=9)
    other = group.export("staff", defects="stray_spaces", seed=9)
    pd.testing.assert_frame_equal(one.tables["staff"], other.tables["staff"])
