"""Generated images and signals: they show what their tables say, and the tables hold together."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from health_datasets import (
    Dermoscopy,
    Ecg,
    TissueTiles,
    abcd_performance,
    dermoscopy,
    dermoscopy_lesions,
    ecg,
    tiles,
)
from numpy.typing import NDArray
from scipy import ndimage

Values = NDArray[Any]
CARDS = Path(__file__).resolve().parents[1] / "datasets" / "cards"


@pytest.fixture(scope="module")
def skin() -> Dermoscopy:
    return dermoscopy(lesions=250, seed=7, images_per_lesion=2)


@pytest.fixture(scope="module")
def lesions() -> pd.DataFrame:
    return dermoscopy_lesions(lesions=300_000, seed=3)


@pytest.fixture(scope="module")
def records() -> Ecg:
    return ecg(records=240, seed=5)


@pytest.fixture(scope="module")
def slides() -> TissueTiles:
    return tiles(slides=60, seed=2, tiles_per_slide=4)


def auc(score: Values, positive: Values) -> float:
    """The share of pairs (one positive, one not) that the score puts in the right order."""
    ranks = pd.Series(score).rank().to_numpy()
    positive = np.asarray(positive, bool)
    count = positive.sum()
    area = ranks[positive].sum() - count * (count + 1) / 2
    return float(area / (count * (~positive).sum()))


def sizes(table: pd.DataFrame, by: str) -> pd.Series:
    return table.groupby(by, sort=False).size()


# --- dermoscopy: the table -----------------------------------------------------------------


def test_the_rule_performs_as_at_the_bedside(lesions: pd.DataFrame) -> None:
    melanoma = lesions["diagnosis"] == "melanoma"
    suspect = lesions["tds"] > 5.45
    assert suspect[melanoma].mean() == pytest.approx(0.83, abs=0.01)
    assert (~suspect)[~melanoma].mean() == pytest.approx(0.45, abs=0.01)
    assert melanoma.mean() == pytest.approx(46 / 309, abs=0.005)


def test_the_best_attainable_auc_is_known(lesions: pd.DataFrame) -> None:
    known = abcd_performance()
    assert (known.sensitivity, known.specificity) == pytest.approx((0.83, 0.45), abs=1e-6)
    assert known.prevalence == pytest.approx(46 / 309, abs=1e-6)
    melanoma = lesions["diagnosis"] == "melanoma"
    by_risk = auc(lesions["melanoma_probability"].to_numpy(), melanoma.to_numpy())
    assert by_risk == pytest.approx(known.best_auc, abs=0.006)
    lower = abcd_performance(4.75)
    assert lower.sensitivity > known.sensitivity and lower.specificity < known.specificity


def test_probabilities_are_those_of_the_diagnoses(lesions: pd.DataFrame) -> None:
    melanoma = (lesions["diagnosis"] == "melanoma").groupby(lesions["tds"].round()).mean()
    stated = lesions["melanoma_probability"].groupby(lesions["tds"].round()).mean()
    common = sizes(lesions.assign(tds=lesions["tds"].round()), "tds") > 5_000
    assert np.abs(melanoma - stated)[common].max() < 0.015


def test_the_score_is_that_of_its_columns(lesions: pd.DataFrame) -> None:
    score = 1.3 * lesions["A"] + 0.1 * lesions["B"] + 0.5 * (lesions["C"] + lesions["D"])
    np.testing.assert_allclose(lesions["tds"], score)
    for letter, prefix in (("C", "colour_"), ("D", "structure_")):
        named = lesions[[name for name in lesions if name.startswith(prefix)]]
        assert (named.sum(axis=1) == lesions[letter]).all()
    assert (lesions["border_segments"].str.count("1") == lesions["B"]).all()
    for letter, low, high in (("A", 0, 2), ("B", 0, 8), ("C", 1, 6), ("D", 1, 5)):
        assert (lesions[letter].min(), lesions[letter].max()) == (low, high)


def test_lesions_of_a_patient_look_alike(lesions: pd.DataFrame) -> None:
    by_patient = lesions.groupby("patient_id")
    assert (by_patient[["skin_ita", "skin_tone", "site"]].nunique() == 1).all(axis=None)
    assert sizes(lesions, "patient_id").max() > 3
    pairs = lesions.assign(previous=by_patient["tds"].shift()).dropna(subset="previous")
    assert 0.08 < pairs["tds"].corr(pairs["previous"]) < 0.3


# --- dermoscopy: the images ----------------------------------------------------------------


def test_shapes_and_types(skin: Dermoscopy) -> None:
    assert skin.images.shape == (500, 96, 96, 3) and skin.images.dtype == np.uint8
    assert skin.masks.shape == (500, 96, 96) and skin.masks.dtype == np.bool_
    assert len(skin.table) == 500 and skin.table["image_id"].is_unique
    assert (sizes(skin.table, "lesion_id") == 2).all()


def radii(mask: Values, rotation: float) -> Values:
    """The contour's radius every 5 degrees, from the lesion's own +x axis."""
    y, x = np.nonzero(mask)
    cy, cx = y.mean(), x.mean()
    angle = np.rad2deg(np.arctan2(cy - y, x - cx)) - rotation
    box = (np.round(angle / 5) % 72).astype(int)
    return np.array([np.hypot(y - cy, x - cx)[box == k].max(initial=0) for k in range(72)])


def test_asymmetry_of_the_contour(skin: Dermoscopy) -> None:
    unlike: dict[str, list[float]] = {"x": [], "y": []}
    for mask, rotation in zip(skin.masks, skin.table["rotation"], strict=True):
        radius = radii(mask, rotation)
        k = np.arange(72)
        for axis, mirror in (("x", -k % 72), ("y", (36 - k) % 72)):
            unlike[axis].append(np.abs(radius - radius[mirror]).mean() / radius.mean())
    asymmetry = skin.table["A"].to_numpy()
    assert auc(np.array(unlike["y"]), asymmetry >= 1) > 0.95
    assert auc(np.array(unlike["x"]), asymmetry == 2) > 0.95


def plain(skin: Dermoscopy) -> Values:
    """The images without hair or ruler, on skin light enough for every colour to be seen."""
    table = skin.table
    light = table["skin_tone"].isin(["very_light", "light", "intermediate"])
    return np.flatnonzero((table["hairs"] <= 1) & ~table["ruler"] & light)


def in_skin_units(skin: Dermoscopy, number: int) -> Values:
    """One image, each channel divided by that of the bare skin."""
    image = skin.images[number].astype(float)
    bare = ~ndimage.binary_dilation(skin.masks[number], iterations=8)
    return np.asarray(image / np.median(image[bare], axis=0))


def colour_signs(image: Values) -> dict[str, Values]:
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    bright = image.mean(axis=-1)
    return {
        "white": bright > 1.02,
        "red": (red > 0.62) & (red / green > 1.33),
        "blue_grey": (blue / red > 1.18) & (bright > 0.3) & (bright < 0.7),
        "black": bright < 0.26,
    }


@pytest.mark.parametrize("colour", ["white", "red", "blue_grey", "black"])
def test_colours_are_in_the_image(skin: Dermoscopy, colour: str) -> None:
    chosen, shares = plain(skin), []
    for number in chosen:
        image = ndimage.gaussian_filter(in_skin_units(skin, number), (1.2, 1.2, 0))
        inner = ndimage.binary_erosion(skin.masks[number], iterations=4)
        shares.append(colour_signs(image)[colour][inner].mean())
    present = skin.table[f"colour_{colour}"].to_numpy()[chosen]
    assert auc(np.array(shares), present) > 0.9


def test_sharp_segments_end_abruptly(skin: Dermoscopy) -> None:
    slopes, sharp = [], []
    for number in plain(skin):
        row, image = skin.table.iloc[number], in_skin_units(skin, number).mean(axis=-1)
        y, x = np.mgrid[:96, :96]
        cy, cx = ndimage.center_of_mass(skin.masks[number])
        angle = np.rad2deg(np.arctan2(cy - y, x - cx)) - row["rotation"]
        outside = ndimage.distance_transform_edt(~skin.masks[number])
        for segment in range(8):
            here = (angle % 360 // 45).astype(int) == segment
            slopes.append(image[here & (outside > 1.5) & (outside < 5)].mean())
            sharp.append(row["border_segments"][segment] == "1")
    assert auc(np.array(slopes), np.array(sharp)) > 0.85


def grain(skin: Dermoscopy, number: int) -> Values:
    """How uneven the lesion is around each of its pixels, at the scale of its structures."""
    grey = in_skin_units(skin, number).mean(axis=-1)
    grey = grey / ndimage.gaussian_filter(grey, 4)
    spread = ndimage.gaussian_filter((grey - ndimage.gaussian_filter(grey, 3)) ** 2, 2.5)
    return np.asarray(spread[ndimage.binary_erosion(skin.masks[number], iterations=6)])


def test_structures_are_in_the_image(skin: Dermoscopy) -> None:
    chosen = plain(skin)
    flat = np.array([np.quantile(grain(skin, number), 0.1) for number in chosen])
    rough = np.array([np.quantile(grain(skin, number), 0.8) for number in chosen])
    table = skin.table.iloc[chosen]
    assert auc(-flat, table["structure_structureless"].to_numpy()) > 0.8
    small = table[["structure_network", "structure_dots", "structure_globules"]]
    assert auc(rough, (small.sum(axis=1) >= 2).to_numpy()) > 0.75


def test_streaks_cross_the_edge(skin: Dermoscopy) -> None:
    found = []
    chosen = plain(skin)
    for number in chosen:
        grey = in_skin_units(skin, number).mean(axis=-1)
        away = ndimage.distance_transform_edt(skin.masks[number])
        band = (away > 0) & (away < 5)
        fine = grey - ndimage.gaussian_filter(grey, 2)
        found.append(np.quantile(fine[band], 0.95) - np.quantile(fine[band], 0.05))
    assert auc(np.array(found), skin.table["structure_streaks"].to_numpy()[chosen]) > 0.75


def test_skin_tone_hair_and_ruler_are_in_the_image(skin: Dermoscopy) -> None:
    bare = [~ndimage.binary_dilation(mask, iterations=6) for mask in skin.masks]
    grey = skin.images.astype(float).mean(axis=-1)
    brightness = [np.median(image[where]) for image, where in zip(grey, bare, strict=True)]
    assert np.corrcoef(brightness, skin.table["skin_ita"])[0, 1] > 0.85
    lines = [
        (image < 0.7 * level)[where].mean()
        for image, level, where in zip(grey, brightness, bare, strict=True)
    ]
    no_ruler = ~skin.table["ruler"].to_numpy()
    hairs = skin.table["hairs"].to_numpy()
    assert auc(np.array(lines)[no_ruler], hairs[no_ruler] >= 5) > 0.9
    edges = [
        max(np.median(side) for side in (image[:3], image[-3:], image[:, :3], image[:, -3:]))
        / level
        for image, level in zip(grey, brightness, strict=True)
    ]
    assert auc(np.array(edges), ~no_ruler) > 0.97


def test_a_ruler_is_a_shortcut_only_where_asked() -> None:
    def gap(data: Dermoscopy, site: str) -> float:
        here = data.table[data.table["site"] == site]
        share = here.groupby("diagnosis")["ruler"].mean()
        return float(share["melanoma"] - share["naevus"])

    honest = dermoscopy(lesions=450, seed=1, images_per_lesion=1, size=48)
    trap = dermoscopy(lesions=450, seed=1, images_per_lesion=1, size=48, shortcut="ruler")
    assert gap(trap, "A") > 0.65
    assert abs(gap(trap, "B")) < 0.2 and abs(gap(honest, "A")) < 0.2
    pd.testing.assert_frame_equal(
        honest.table.drop(columns="ruler"), trap.table.drop(columns="ruler")
    )
    same = (honest.table["ruler"] == trap.table["ruler"]).to_numpy()
    np.testing.assert_array_equal(honest.images[same], trap.images[same])


def test_several_images_show_one_lesion(skin: Dermoscopy) -> None:
    first, second = skin.masks[::2].sum(axis=(1, 2)), skin.masks[1::2].sum(axis=(1, 2))
    zoom = skin.table["zoom"].to_numpy()
    ratio = (first / zoom[::2] ** 2) / (second / zoom[1::2] ** 2)
    assert np.abs(ratio - 1).max() < 0.06
    assert (skin.images[::2] != skin.images[1::2]).any(axis=(1, 2, 3)).all()


# --- electrocardiograms --------------------------------------------------------------------


def test_records_have_their_shape(records: Ecg) -> None:
    assert records.signals.shape == (240, 3, 2500) and records.signals.dtype == np.float32
    assert records.leads == ("I", "II", "III") and records.rate == 250
    np.testing.assert_allclose(
        records.signals[:, 2], records.signals[:, 1] - records.signals[:, 0], atol=1e-5
    )
    assert np.abs(records.signals).max() < 6  # millivolts


def peaks(signal: Values, rate: int) -> Values:
    """A simple detector: the largest slopes, at least 0.24 s apart."""
    steep = ndimage.uniform_filter1d(np.abs(np.gradient(signal)), int(0.08 * rate))
    top = ndimage.maximum_filter1d(steep, int(0.24 * rate))
    return np.flatnonzero((steep == top) & (steep > 0.35 * np.quantile(steep, 0.99))) / rate


def test_a_simple_detector_finds_the_beats(records: Ecg) -> None:
    shares = []
    for number, row in records.table.iterrows():
        if row["noise"] == "high" or row["ventricular_beats"]:
            continue
        true = records.beats.loc[records.beats["record_id"] == row["record_id"], "peak_s"]
        true = true[(true > 0.2) & (true < 9.8)].to_numpy()
        tallest = np.ptp(records.signals[number], axis=1).argmax()
        found = peaks(records.signals[number, tallest], records.rate)
        shares.append((np.abs(true[:, None] - found).min(axis=1) < 0.05).mean())
    assert np.mean(shares) > 0.97


def test_rhythms_are_what_they_are_called(records: Ecg) -> None:
    beats = records.beats.merge(records.table[["record_id", "rhythm"]], on="record_id")
    interval = beats.groupby(["record_id", "rhythm"])["rr_s"].agg(["mean", "std"]).reset_index()
    irregular = (interval["std"] / interval["mean"]).groupby(interval["rhythm"])
    assert irregular.max()[["sinus", "bradycardia", "tachycardia"]].max() < 0.06
    assert irregular.min()["atrial_fibrillation"] > 0.07
    rate = records.table.groupby("rhythm")["heart_rate"]
    assert rate.max()["bradycardia"] < 60 and rate.min()["tachycardia"] > 100
    assert rate.min()["sinus"] >= 60 and rate.max()["sinus"] <= 100
    early = records.table["ventricular_beats"] > 0
    assert (early == (records.table["rhythm"] == "premature_ventricular")).all()


def test_ventricular_beats_come_early_and_are_followed_by_a_pause(records: Ecg) -> None:
    beats = records.beats
    usual = beats.groupby("record_id")["rr_s"].transform("median")
    after = beats.groupby("record_id")["rr_s"].shift(-1)
    early = (beats["kind"] == "ventricular") & beats["rr_s"].notna() & after.notna()
    assert early.sum() > 30
    assert (beats["rr_s"] / usual)[early].max() < 0.8
    assert ((beats["rr_s"] + after) / usual)[early].between(1.8, 2.2).all()
    onset = beats["peak_s"] - beats["onset_s"]
    assert onset[beats["kind"] == "ventricular"].min() > onset[beats["kind"] == "normal"].max()


def test_no_p_wave_in_fibrillation(records: Ecg) -> None:
    waves = {}
    for rhythm in ("sinus", "atrial_fibrillation"):
        chosen = records.table[(records.table["rhythm"] == rhythm)]
        pieces = []
        for number, row in chosen[chosen["noise"] != "high"].iterrows():
            mine = records.beats[records.beats["record_id"] == row["record_id"]]
            start = ((mine["peak_s"] - row["pr_ms"] / 1000 - 0.06) * 250).round().astype(int)
            pieces += [records.signals[number, 1, k : k + 40] for k in start if 0 <= k < 2460]
        mean = np.mean(pieces, axis=0)
        waves[rhythm] = mean[14:26].max() - mean[[0, 1, 2, 37, 38, 39]].mean()
    assert waves["sinus"] > 3 * abs(waves["atrial_fibrillation"])


def test_noise_is_as_stated(records: Ecg) -> None:
    spectrum = np.abs(np.fft.rfft(records.signals[:, 0], axis=1))
    rate = np.fft.rfftfreq(2500, 1 / 250)
    around = np.median(spectrum[:, (rate > 45) & (rate < 55)], axis=1)
    mains = (spectrum[:, np.argmin(np.abs(rate - 50))] - around) * np.sqrt(2) / 2500
    np.testing.assert_allclose(mains, records.table["mains_mv"], atol=0.004)
    order = records.table.groupby("noise")[["baseline_mv", "muscle_mv"]].mean()
    assert (order.loc["low"] < order.loc["medium"]).all()
    assert (order.loc["medium"] < order.loc["high"]).all()


def test_a_patient_is_recognised_across_records(records: Ecg) -> None:
    traits = ["amplitude", "axis", "qrs_ms", "pr_ms", "t_ratio"]
    table = records.table
    assert (table.groupby("patient_id")[traits].nunique() == 1).all(axis=None)
    assert sizes(table, "patient_id").max() >= 3
    calm = table[table["noise"] != "high"]
    height = np.ptp(np.quantile(records.signals[calm.index], [0.002, 0.998], axis=2), axis=0)
    patient = calm["patient_id"].to_numpy()
    away = np.abs(np.log(height)[:, None] - np.log(height)[None]).sum(axis=2)
    same = (patient[:, None] == patient) & ~np.eye(len(patient), dtype=bool)
    assert np.median(away[same]) < 0.5 * np.median(away[~same])


# --- tissue --------------------------------------------------------------------------------


def test_a_slide_is_as_grave_as_its_worst_tile(slides: TissueTiles) -> None:
    worst = slides.tiles.groupby("slide_id")["grade"].max()
    pd.testing.assert_series_equal(
        worst, slides.slides.set_index("slide_id")["grade"], check_names=False
    )
    assert ((slides.tiles["grade"] == 3) == (slides.tiles["content"] == "carcinoma")).all()
    plain = slides.tiles["content"].isin(["stroma", "glands"])
    assert (slides.tiles.loc[plain, "grade"] == 0).all()
    assert sizes(slides.slides, "patient_id").max() > 1
    assert (slides.slides.groupby("patient_id")["laboratory"].nunique() == 1).all()
    places = slides.tiles[["slide_id", "x_um", "y_um"]]
    assert not places.duplicated().any()


def test_invasive_carcinoma_is_rare() -> None:
    many = tiles(slides=350, seed=6, tiles_per_slide=1, size=48).slides
    share = many["grade"].value_counts(normalize=True)
    assert 0.02 < share[3] < 0.12 and share[0] > share[1] > share[3]


def purple(image: Values) -> Values:
    """Absorption of red light, which the nuclei take: haematoxylin, hardly eosin."""
    return np.asarray(-np.log(np.clip(image[..., 0], 1, None) / 250))


def clear(slides: TissueTiles) -> Values:
    return np.flatnonzero((slides.tiles["blur_px"] == 0) & ~slides.tiles["fold"])


def test_nuclei_can_be_counted(slides: TissueTiles) -> None:
    assert (
        sizes(slides.nuclei, "tile_id").reindex(slides.tiles["tile_id"], fill_value=0).to_numpy()
        == slides.tiles["nuclei"]
    ).all()
    counted, true = [], []
    for number in clear(slides):
        dark = ndimage.gaussian_filter(purple(slides.images[number].astype(float)), 0.8)
        peak = dark == ndimage.maximum_filter(dark, 5)
        counted.append(int((peak & (dark > 0.5 * np.quantile(dark, 0.99))).sum()))
        true.append(int(slides.tiles["nuclei"].iloc[number]))
    assert np.corrcoef(counted, true)[0, 1] > 0.85
    assert np.sum(counted) == pytest.approx(np.sum(true), rel=0.2)


def test_boxes_hold_the_nuclei(slides: TissueTiles) -> None:
    boxes = slides.nuclei
    assert (boxes[["x0", "y0"]] >= 0).all(axis=None)
    assert (boxes[["x1", "y1"]] <= 96).all(axis=None)
    assert ((boxes["x1"] > boxes["x0"]) & (boxes["y1"] > boxes["y0"])).all()
    gaps = []
    for number in clear(slides):
        inside = np.zeros((96, 96), bool)
        mine = boxes[boxes["tile_id"] == slides.tiles["tile_id"].iloc[number]]
        for x0, y0, x1, y1 in mine[["x0", "y0", "x1", "y1"]].to_numpy().round().astype(int):
            inside[y0:y1, x0:x1] = True
        dark = purple(slides.images[number].astype(float))
        gaps.append(np.median(dark[inside]) - np.median(dark[~inside]))
    assert np.min(gaps) > 0.2


def test_grades_look_different(slides: TissueTiles) -> None:
    table = slides.tiles.iloc[clear(slides)]
    table = table[table["content"].isin(["epithelium", "carcinoma"])]
    amount = [purple(slides.images[number].astype(float)).mean() for number in table.index]
    grade = table["grade"].to_numpy()
    assert auc(np.array(amount)[grade <= 2], grade[grade <= 2] == 2) > 0.85
    count = slides.nuclei[slides.nuclei["kind"].isin(["atypical", "tumour"])]
    atypical = sizes(count, "tile_id").reindex(table["tile_id"], fill_value=0).to_numpy()
    assert (atypical[grade == 0] == 0).all() and (atypical[grade >= 1] > 0).all()


def test_laboratories_blur_and_folds_show(slides: TissueTiles) -> None:
    stain = slides.images.astype(float).mean(axis=(1, 2))
    warm = np.log(stain[:, 0] / stain[:, 2])
    laboratory = slides.tiles.merge(slides.slides, on="slide_id")["laboratory"].to_numpy()
    assert auc(warm[laboratory != "B"], laboratory[laboratory != "B"] == "C") > 0.95
    grey = slides.images.astype(float).mean(axis=-1)
    crisp = np.array([ndimage.laplace(image).std() for image in grey])
    blurred = slides.tiles["blur_px"].to_numpy() > 0
    assert auc(-crisp, blurred) > 0.95
    folded = slides.tiles["fold"].to_numpy()
    smooth = np.array([ndimage.gaussian_filter(image, 4).min() for image in grey])
    assert auc(-smooth[~blurred], folded[~blurred]) > 0.9


# --- all three -----------------------------------------------------------------------------


def parts(data: Dermoscopy | Ecg | TissueTiles) -> dict[str, Values | pd.DataFrame]:
    kinds = (np.ndarray, pd.DataFrame)
    return {name: value for name, value in vars(data).items() if isinstance(value, kinds)}


MAKERS: dict[str, Callable[[int, int], Dermoscopy | Ecg | TissueTiles]] = {
    "dermoscopy": lambda count, seed: dermoscopy(count, seed, images_per_lesion=2, size=48),
    "ecg": lambda count, seed: ecg(count, seed, seconds=5, rate=125),
    "tiles": lambda count, seed: tiles(count, seed, tiles_per_slide=2, size=48),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_seed_decides_everything_and_more_changes_nothing(name: str) -> None:
    few, more = parts(MAKERS[name](6, 11)), parts(MAKERS[name](15, 11))
    again, other = parts(MAKERS[name](6, 11)), parts(MAKERS[name](6, 12))
    for part, value in few.items():
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(value, again[part])
            pd.testing.assert_frame_equal(value, more[part].iloc[: len(value)])
            assert not value.equals(other[part])
        else:
            np.testing.assert_array_equal(value, again[part])
            np.testing.assert_array_equal(value, more[part][: len(value)])
            assert (value != other[part]).any()


def test_more_images_of_a_lesion_change_none(skin: Dermoscopy) -> None:
    more = dermoscopy(lesions=5, seed=7, images_per_lesion=3)
    for view in range(2):
        np.testing.assert_array_equal(more.images[view::3], skin.images[view::2][:5])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: dermoscopy(0, 1), "lesions must be an integer between 1"),
        (lambda: dermoscopy(2.5, 1), "lesions must be an integer"),
        (lambda: dermoscopy(2, -1), "seed must be an integer of 0 or more"),
        (lambda: dermoscopy(2, True), "seed must be an integer"),
        (lambda: dermoscopy(2, 1, images_per_lesion=9), "images_per_lesion"),
        (lambda: dermoscopy(2, 1, size=20), "size must be an integer between 48"),
        (lambda: dermoscopy(2, 1, shortcut="hair"), "shortcut must be None or one of"),
        (lambda: dermoscopy(100_000, 1), "more than 2 GiB"),
        (lambda: dermoscopy_lesions(-3, 1), "lesions must be an integer"),
        (lambda: ecg(0, 1), "records must be an integer"),
        (lambda: ecg(2, 1, seconds=1), "seconds must lie between 5 and 60"),
        (lambda: ecg(2, 1, seconds=float("nan")), "seconds must lie between 5 and 60"),
        (lambda: ecg(2, 1, rate=50), "rate must be an integer between 125"),
        (lambda: ecg(100_000, 1), "more than 2 GiB"),
        (lambda: tiles("3", 1), "slides must be an integer"),
        (lambda: tiles(3, 1, tiles_per_slide=0), "tiles_per_slide"),
        (lambda: tiles(3, 1, size=1024), "size must be an integer"),
        (lambda: tiles(20_000, 1, tiles_per_slide=64), "more than 2 GiB"),
    ],
)
def test_impossible_arguments_are_refused(call: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_the_generators_are_imported_when_first_used() -> None:
    code = (
        "import sys, health_datasets as h; "
        "assert not any(n.startswith(('health_datasets.images', 'health_datasets.signals'))"
        " for n in sys.modules); h.ecg; h.tiles; h.dermoscopy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["dermoscopy", "ecg", "tissue-tiles"])
def test_a_card_shows_one_light_figure_and_says_what_the_set_is_not(name: str) -> None:
    card = (CARDS / f"{name}.md").read_text("utf-8")
    ((alternative, figure),) = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", card)
    assert len(alternative) > 100
    assert (CARDS / figure).stat().st_size <= 60_000
    french, english = card.split("## English")
    assert "n'est pas" in french and "synthétiques" in french
    assert "is not" in english and "**Synthetic**" in english
