"""The ABCD rule of dermoscopy: lesions, their score, and a diagnosis of known probability.

W. Stolz and others, European Journal of Dermatology 4:521–527 (1994); F. Nachbar and others,
Journal of the American Academy of Dermatology 30:551–559 (1994),
doi:10.1016/S0190-9622(94)70061-3. TDS = 1.3 A + 0.1 B + 0.5 C + 0.5 D.

The overlap of the two diagnoses is that of bedside use: I. Ahnlide and others, Acta
Dermato-Venereologica 96:367–372 (2016), doi:10.2340/00015555-2239, 46 melanomas and 263 naevi
with sensitivity 83 % and specificity 45 %. That these hold at TDS > 5.45 is our assumption.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from health_datasets.seeding import stream, whole_number

CUTOFFS: Final = (4.75, 5.45)
PREVALENCE: Final = 46 / 309
COLOURS: Final = ("white", "red", "light_brown", "dark_brown", "blue_grey", "black")
STRUCTURES: Final = ("network", "structureless", "streaks", "dots", "globules")
# how readily each appears beside what a lesion already has: assumptions
COLOUR_WEIGHTS: Final = {
    **{"white": 1.2, "red": 1.5, "light_brown": 6.0, "dark_brown": 6.0},
    **{"blue_grey": 1.5, "black": 2.0},
}
STRUCTURE_WEIGHTS: Final = {
    **{"network": 4.0, "structureless": 3.0, "streaks": 1.5, "dots": 2.0, "globules": 2.0},
}
# share of each level before ATYPIA_SHIFT, and how much a lesion's latent atypia weighs on it
# (1 - loading² is drawn anew): assumptions
LEVELS: Final = {
    "A": (0.30, 0.36, 0.34),
    "B": (0.06, 0.09, 0.13, 0.15, 0.17, 0.15, 0.12, 0.08, 0.05),
    "C": (0.04, 0.18, 0.34, 0.27, 0.12, 0.05),
    "D": (0.05, 0.22, 0.38, 0.25, 0.10),
}
FIRST_LEVEL: Final = {"A": 0, "B": 0, "C": 1, "D": 1}
LOADING: Final = {"A": 0.65, "B": 0.50, "C": 0.75, "D": 0.70}
WEIGHT_IN_TENTHS: Final = {"A": 13, "B": 1, "C": 5, "D": 5}
# solved so that `abcd_performance()` gives 83 %, 45 % and 46/309: a test holds them
ATYPIA_SHIFT: Final = 0.36017192
LOG_ODDS_AT_CUTOFF: Final = -2.13022936
LOG_ODDS_PER_POINT: Final = 0.47508982
# correlation of atypia between two lesions of a patient, share of lesions that open a new
# patient, share of patients seen at site A: assumptions
PATIENT_ATYPIA: Final = 0.3
NEW_PATIENT: Final = 0.5
SITE_A: Final = 0.6
# classes of the individual typology angle in degrees, A. Chardon and others, International
# Journal of Cosmetic Science 13:191–208 (1991), doi:10.1111/j.1467-2494.1991.tb00561.x
SKIN_TONES: Final = ("dark", "brown", "tan", "intermediate", "light", "very_light")
SKIN_TONE_LIMITS: Final = (-30.0, 10.0, 28.0, 41.0, 55.0)
# an urban hospital's mix: assumption
SKIN_TONE_SHARES: Final = (0.06, 0.12, 0.14, 0.24, 0.28, 0.16)
SKIN_ITA_RANGE: Final = (-45.0, 68.0)


@dataclass(frozen=True)
class AbcdPerformance:
    """What the rule does to the lesions that the generator draws, computed, not sampled.

    Attributes:
        cutoff: a lesion whose TDS is above it is called suspect.
        sensitivity, specificity: shares of the melanomas above and of the naevi below.
        prevalence: share of melanomas.
        best_auc: area under the ROC curve of the true probability, which no reader of the
            images can beat on average.
    """

    cutoff: float
    sensitivity: float
    specificity: float
    prevalence: float
    best_auc: float


def melanoma_probability(tds_in_tenths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the probability of melanoma that goes with each score, given in tenths of a point."""
    above = (tds_in_tenths - 54.5) / 10
    return 1 / (1 + np.exp(-(LOG_ODDS_AT_CUTOFF + LOG_ODDS_PER_POINT * above)))


def _thresholds(letter: str) -> list[float]:
    shares = np.cumsum(LEVELS[letter])[:-1]
    return [NormalDist().inv_cdf(float(share)) for share in shares]


def _level_shares(letter: str, atypia: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return P(level | atypia), (atypias, levels)."""
    loading = LOADING[letter]
    rest = math.sqrt(1 - loading**2)
    rows = []
    for value in atypia:
        limits = [(t - ATYPIA_SHIFT - loading * value) / rest for t in _thresholds(letter)]
        below = [0.0, *(NormalDist().cdf(limit) for limit in limits), 1.0]
        rows.append(np.diff(below))
    return np.array(rows)


def abcd_performance(cutoff: float = 5.45) -> AbcdPerformance:
    """Return the rule's sensitivity and specificity at `cutoff`, and the best attainable AUC.

    All 810 combinations of A, B, C and D are weighed by their exact probability.
    """
    atypia, weight = np.polynomial.hermite_e.hermegauss(61)
    shares = [_level_shares(letter, atypia) for letter in "ABCD"]
    joint = np.einsum("q,qa,qb,qc,qd->abcd", weight / weight.sum(), *shares)
    levels = [FIRST_LEVEL[k] + np.arange(len(LEVELS[k])) for k in "ABCD"]
    score = sum(
        WEIGHT_IN_TENTHS[k] * axis
        for k, axis in zip("ABCD", np.meshgrid(*levels, indexing="ij"), strict=True)
    )
    score = np.asarray(score).ravel()
    risk = melanoma_probability(score)
    melanoma = np.bincount(score, joint.ravel() * risk)
    naevus = np.bincount(score, joint.ravel() * (1 - risk))
    prevalence = melanoma.sum()
    melanoma, naevus = melanoma / prevalence, naevus / (1 - prevalence)
    above = np.arange(len(melanoma)) > cutoff * 10
    below = np.cumsum(naevus) - naevus / 2
    return AbcdPerformance(
        cutoff=cutoff,
        sensitivity=float(melanoma[above].sum()),
        specificity=float(naevus[~above].sum()),
        prevalence=float(prevalence),
        best_auc=float((melanoma * below).sum()),
    )


def skin_tone(ita: NDArray[np.float64]) -> NDArray[np.str_]:
    """Return the class of each individual typology angle (degrees)."""
    return np.array(SKIN_TONES)[np.searchsorted(SKIN_TONE_LIMITS, ita, side="left")]


def _patients(lesions: int, seed: int) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return the patient of each lesion, and a row for each patient."""
    opens = stream(seed, "dermoscopy/patient").random(lesions) < NEW_PATIENT
    opens[0] = True
    number = np.cumsum(opens) - 1
    count = int(number[-1]) + 1

    def draw(name: str) -> NDArray[np.float64]:
        return stream(seed, f"dermoscopy/patient/{name}").random(count)

    ends = np.array([SKIN_ITA_RANGE[0], *SKIN_TONE_LIMITS, SKIN_ITA_RANGE[1]])
    ita = np.interp(draw("skin"), [0.0, *np.cumsum(SKIN_TONE_SHARES)], ends).round(1)
    patients = pd.DataFrame(
        {
            "patient_id": [f"DP{k + 1:06d}" for k in range(count)],
            "site": np.where(draw("site") < SITE_A, "A", "B"),
            "skin_ita": ita,
            "skin_tone": skin_tone(ita),
            "hairiness": (2.2 * draw("hair") ** 2).round(2),
            "atypia": stream(seed, "dermoscopy/patient/atypia").standard_normal(count),
        }
    )
    return number, patients


def _levels(lesions: int, seed: int, atypia: NDArray[np.float64]) -> pd.DataFrame:
    """Draw A, B, C and D of lesions of the latent atypia given."""
    columns = {}
    for letter in "ABCD":
        own = stream(seed, f"dermoscopy/{letter}").standard_normal(lesions)
        loading = LOADING[letter]
        latent = ATYPIA_SHIFT + loading * atypia + math.sqrt(1 - loading**2) * own
        columns[letter] = FIRST_LEVEL[letter] + np.searchsorted(_thresholds(letter), latent)
    return pd.DataFrame(columns)


def _keys(seed: int, name: str, weights: dict[str, float], rows: int) -> NDArray[np.float64]:
    """Draw a key for each word in each row: the largest keys of a row are its weighted choice."""
    return np.column_stack(
        [
            np.log(stream(seed, f"dermoscopy/{name}/{word}").random(rows)) / weight
            for word, weight in weights.items()
        ]
    )


def _largest(keys: NDArray[np.float64], count: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the `count` largest keys of each row."""
    rank = np.argsort(np.argsort(-keys, axis=1, kind="stable"), axis=1, kind="stable")
    return np.asarray(rank < count[:, None])


def _colours(seed: int, count: NDArray[np.int64]) -> pd.DataFrame:
    """Choose the colours: one of the two browns is always there, as the lesion's ground."""
    dark = stream(seed, "dermoscopy/ground").random(len(count)) < 0.4
    ground = np.where(dark, "dark_brown", "light_brown")
    keys = _keys(seed, "colour", COLOUR_WEIGHTS, len(count))
    keys[ground[:, None] == np.array(COLOURS)] = 1.0  # above every logarithm of a share
    table = pd.DataFrame(_largest(keys, count), columns=[f"colour_{word}" for word in COLOURS])
    table.insert(0, "ground", ground)
    return table


def _structures(seed: int, count: NDArray[np.int64]) -> pd.DataFrame:
    keys = _keys(seed, "structure", STRUCTURE_WEIGHTS, len(count))
    return pd.DataFrame(_largest(keys, count), columns=[f"structure_{k}" for k in STRUCTURES])


def _segments(seed: int, count: NDArray[np.int64]) -> list[str]:
    """Choose the sharp segments, `count` of 8, mostly neighbours: text of eight 0 or 1."""
    first = stream(seed, "dermoscopy/border").integers(0, 8, len(count))
    sharp = (np.arange(8)[None, :] - first[:, None]) % 8 < count[:, None]
    return ["".join("1" if one else "0" for one in row) for row in sharp]


def dermoscopy_lesions(lesions: int, seed: int) -> pd.DataFrame:
    """Draw lesions by the ABCD rule, without their images: synthetic, of no patient.

    Args:
        lesions: how many, 1 to 1,000,000.
        seed: the same seed gives the same lesions; the first ones do not change when more
            are asked for.

    Returns:
        A row for each lesion, in the order of `patient_id`:
        `lesion_id` (key), `patient_id`, `site` (`A` or `B`), `skin_ita` (individual typology
        angle, degrees), `skin_tone` (its class), `hairiness` (0 to 2.2, of the patient),
        `A` (axes of asymmetry, 0–2), `B` (segments that end abruptly, 0–8), `C` (colours,
        1–6), `D` (structures, 1–5), `tds` (points), `border_segments` (eight characters, `1`
        where the edge is sharp, from the lesion's own +x axis, a segment every 45°),
        `ground` (the colour that fills the lesion), `colour_…` and `structure_…` (booleans),
        `diagnosis` (`melanoma` or `naevus`), `melanoma_probability` (the one it was drawn
        with; it depends on the score alone).

    Raises:
        ValueError: `lesions` or `seed` is impossible.
    """
    whole_number("lesions", lesions, 1, 1_000_000)
    number, patients = _patients(lesions, seed)
    own = stream(seed, "dermoscopy/atypia").standard_normal(lesions)
    shared = patients.pop("atypia").to_numpy()[number]
    atypia = math.sqrt(PATIENT_ATYPIA) * shared + math.sqrt(1 - PATIENT_ATYPIA) * own
    letters = _levels(lesions, seed, atypia)
    score = np.asarray(sum(WEIGHT_IN_TENTHS[k] * letters[k].to_numpy() for k in "ABCD"))
    risk = melanoma_probability(score)
    ill = stream(seed, "dermoscopy/diagnosis").random(lesions) < risk
    facts = pd.DataFrame(
        {
            "tds": score / 10,
            "border_segments": _segments(seed, letters["B"].to_numpy()),
            "diagnosis": np.where(ill, "melanoma", "naevus"),
            "melanoma_probability": risk.round(6),
        }
    )
    colours = _colours(seed, letters["C"].to_numpy())
    structures = _structures(seed, letters["D"].to_numpy())
    last = ["diagnosis", "melanoma_probability"]
    parts = [patients.iloc[number].reset_index(drop=True), letters, facts.drop(columns=last)]
    table = pd.concat([*parts, colours, structures, facts[last]], axis=1)
    table.insert(0, "lesion_id", [f"DL{k + 1:07d}" for k in range(lesions)])
    return table
