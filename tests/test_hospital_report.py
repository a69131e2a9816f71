"""The calibration report of the virtual hospital, and the script that follows a patient."""

import base64
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from health_datasets.virtual_hospital import (
    CalibrationReport,
    Hospital,
    calibration_report,
    hospital,
)
from health_datasets.virtual_hospital import calibration as cal
from health_datasets.virtual_hospital.follow import (
    follow,
    interesting_patient,
    main,
    patient_rows,
)
from health_datasets.virtual_hospital.targets import TARGETS
from rich.console import Console

Make = Callable[[str], CalibrationReport]
# what makes a browser ask somebody for something
FETCHING = {"src", "srcset", "href", "data", "poster", "action", "background"}


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Execute the report once a language: French with several sites, English with one."""
    made: dict[str, CalibrationReport] = {}

    def one(lang: str) -> CalibrationReport:
        if lang not in made:
            folder = tmp_path_factory.mktemp(lang) / "new folder"
            patients, sites = (25_000, 3) if lang == "fr" else (2_000, 1)
            made[lang] = calibration_report(folder, patients=patients, sites=sites, lang=lang)
        return made[lang]

    return one


@pytest.fixture(scope="module")
def group() -> Hospital:
    return hospital(3_000, seed=2, sites=2)


def printed(console: Console) -> str:
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


class Page(HTMLParser):
    """What a page shows, and what it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.images: list[dict[str, str]] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        if tag == "img":
            self.images.append(values)
        wanted = [value for name, value in values.items() if name in FETCHING]
        self.fetched += [value for value in wanted if not value.startswith(("data:", "#"))]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_report_holds_every_target(make: Make) -> None:
    page = Page(make("fr").html.read_text("utf-8"))
    words = [word.strip() for word in page.words]
    assert words.count("tenu") == len(TARGETS) + 1  # once more in the legend of the words
    assert words.count("manqué") == 1
    assert f"{len(TARGETS)} sur {len(TARGETS)}" in " ".join(words)
    for one in (*TARGETS, *cal.COMPARISONS):
        assert one.french in words
    assert "Ce qui distingue les sites" in words


def test_the_report_speaks_english(make: Make) -> None:
    text = make("en").html.read_text("utf-8")
    words = [word.strip() for word in Page(text).words]
    assert '<html lang="en"' in text
    for one in (*TARGETS, *cal.COMPARISONS):
        assert one.english in words
    # sources keep their titles; the notebook's French is not in the page
    assert not {"tenu", "manqué", "hypothèse", "comparé", "quantité"} & set(words)
    assert "What tells the sites apart" not in words


@pytest.mark.parametrize("lang", cal.LANGUAGES)
def test_the_page_needs_nothing_from_elsewhere(make: Make, lang: str) -> None:
    text = make(lang).html.read_text("utf-8")
    page = Page(text)
    assert page.fetched == []
    assert not page.tags & {"script", "link", "iframe", "object"}
    styles = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert not re.search(r"url\(\s*[\"']?(?!data:|#)", styles)
    assert "@import" not in styles
    assert "default-src 'none'" in text


@pytest.mark.parametrize("lang", cal.LANGUAGES)
def test_every_figure_is_described(make: Make, lang: str) -> None:
    images = Page(make(lang).html.read_text("utf-8")).images
    assert len(images) == (7 if lang == "fr" else 6)
    assert len({image["alt"] for image in images}) == len(images)
    for image in images:
        assert len(image["alt"]) > 40 and "No description" not in image["alt"]
        picture = base64.b64decode(image["src"].partition("base64,")[2])
        assert picture.startswith(b"\x89PNG")


def test_the_executed_notebook_says_how_it_was_made(make: Make) -> None:
    notebook = nbformat.read(make("en").notebook, as_version=4)
    assert notebook.metadata.papermill.parameters == {
        **{"patients": 2_000, "seed": 1, "sites": 1, "lang": "en"}
    }
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    # no warning, no error
    assert {output.output_type for output in outputs} == {"display_data"}
    assert all(cell.metadata.get("lang", "en") == "en" for cell in notebook.cells)


def test_reports_in_one_working_folder_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel of a report has its sockets to itself: named in the working folder, those of
    two reports begun together had the same names, and each answered the other."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    with ThreadPoolExecutor(1) as pool:
        report = pool.submit(calibration_report, tmp_path / "out", patients=200, sites=1)
        seen: set[str] = set()
        while not report.done():
            seen.update(os.listdir(work))
            time.sleep(0.02)
    assert report.result().html.is_file()
    assert not seen


def test_impossible_arguments_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lang must be one of fr, en"):
        calibration_report(tmp_path / "report", lang="de")
    with pytest.raises(ValueError, match="sites must lie between 1 and 6"):
        calibration_report(tmp_path / "report", sites=7)
    assert not (tmp_path / "report").exists()


def test_a_missed_target_is_said(group: Hospital) -> None:
    group = hospital(60, seed=5)
    table = cal.verdicts(group).set_index("name")
    for target in TARGETS:
        assert (table.verdict[target.name] == "held") == target.holds(group)
    assert "missed" in set(table.verdict)
    compared = table[table.verdict == "compared"]
    assert compared.reference.notna().all() and (compared.source != "").all()
    assumed = table[table.verdict == "assumption"]
    assert len(assumed) and assumed.reference.isna().all() and (assumed.source == "").all()


def test_gaps_stay_within_a_person_and_a_window() -> None:
    person = pd.Series(["b", "a", "a", "a", "a", "b"])
    day = pd.Series([729, 10, 10, 40, 735, 731])
    # a: the same day twice, then 30 days, then another window; b: another window
    assert cal.gaps(person, day).tolist() == [30]


def test_shapes_do_not_depend_on_the_unit() -> None:
    hours = pd.Series([1.0, 2, 3, 4, 8])
    assert cal.shape_distance(hours, 60 * hours) == 0
    assert cal.shape_distance(hours, hours**2) == pytest.approx(0.2)
    assert pd.isna(cal.shape_distance(hours, hours.head(0)))


def test_the_patient_to_follow_goes_through_everything(group: Hospital) -> None:
    patient = interesting_patient(group)
    rows = patient_rows(group, patient)
    assert list(rows) == list(group.tables)
    assert all(len(part) for part in rows.values())
    back = rows["outcomes"][rows["outcomes"].readmission_30d.fillna(False)].stay_id
    units = rows["rum"][rows["rum"].stay_id.isin(back)]
    assert set(units.unit) & {"REA", "USIC", "USINV"}
    assert set(rows["stays"].patient_id) == {patient}
    assert set(rows["staff"].staff_id) == set(rows["events"].resource.dropna())


@pytest.mark.parametrize("lang", cal.LANGUAGES)
def test_following_prints_every_table(group: Hospital, lang: str) -> None:
    console = Console(width=120, file=StringIO())
    patient = interesting_patient(group)
    follow(group, patient, console=console, lang=lang, rows=100)
    text = printed(console)
    for name in group.tables:
        assert re.search(rf"^{name} · ", text, re.MULTILINE)
    for stay in group.stays.loc[group.stays.patient_id == patient, "stay_id"]:
        assert stay in text
    assert ("réel" in text, "real" in text) == (lang == "fr", lang == "en")
    assert max(map(len, text.splitlines())) <= 120


def test_following_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--patients", "50", "--patient", "P0000007", "--rows", "2"])
    assert "P0000007" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["--patients", "50", "--patient", "P0000077"])
    assert stop.value.code == 2
    assert "did you mean 'P00000" in capsys.readouterr().err


def test_someone_without_a_stay_can_be_followed() -> None:
    group = hospital(1, seed=1)
    assert group.stays.empty
    console = Console(width=100, file=StringIO())
    follow(group, interesting_patient(group), console=console)
    assert "aucune ligne pour ce patient" in printed(console)


def test_the_bench_tells_every_table() -> None:
    command = [sys.executable, "-m", "benchmarks.hospital_tables", "200", "1", "0"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    for name in hospital(10, seed=1).tables:
        assert f'"{name}"' in told.stdout or name == "reports"


def test_the_card_has_every_table_in_both_languages(group: Hospital) -> None:
    card = Path(__file__).resolve().parents[1] / "datasets" / "cards" / "virtual-hospital.md"
    french, _, english = card.read_text("utf-8").partition("## English")
    for part in (french, english):
        listed = re.findall(r"^\| `(\w+)` \|[^|]*\| `(\w+)`", part, re.MULTILINE)
        assert set(group.tables) <= {name for name, _ in listed}
        for name, key in listed:
            assert name not in group.tables or key in group.tables[name]
