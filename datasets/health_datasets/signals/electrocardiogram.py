"""Synthetic electrocardiograms in the frontal plane: beats of Gaussian waves, a rhythm, noise.

Each wave is a Gaussian in time, as in P. E. McSharry and others, IEEE Transactions on
Biomedical Engineering 50:289–294 (2003), doi:10.1109/TBME.2003.808805, here with a direction
in the frontal plane, so that lead III is II − I (Einthoven). Amplitudes and widths are
ordinary ones of textbooks: assumptions.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from health_datasets.seeding import stream, whole_number

Floats = NDArray[np.float64]

LEADS: Final = ("I", "II", "III")
LEAD_DEGREES: Final = (0.0, 60.0, 120.0)
# share of the patients by usual rhythm, and heart rate at rest (beats a minute): assumptions
RHYTHMS: Final = {
    "sinus": (0.46, (62.0, 96.0)),
    "bradycardia": (0.12, (40.0, 55.0)),
    "tachycardia": (0.12, (106.0, 150.0)),
    "atrial_fibrillation": (0.16, (58.0, 145.0)),
    "premature_ventricular": (0.14, (60.0, 92.0)),
}
# share of the records that keep the patient's usual rhythm: assumption
USUAL: Final = 0.75
# irregularity of atrial fibrillation: standard deviation of the logarithm of an interval
FIBRILLATION_SPREAD: Final = 0.22
PREMATURITY: Final = (0.52, 0.68)
# share of the patients whose rhythm the others share, and of records that open a new patient
NEW_PATIENT: Final = 0.4
NOISE_LEVELS: Final = {"low": 0.4, "medium": 1.0, "high": 2.4}
NOISE_SHARES: Final = (0.5, 0.35, 0.15)
LARGEST_BYTES: Final = 2 * 1024**3


@dataclass(frozen=True)
class Ecg:
    """Synthetic ECG records and the truth about them.

    Attributes:
        signals: (records, 3, samples), float32, millivolts; leads I, II, III.
        rate: samples a second.
        leads: names of the leads.
        table: a row for each record, in the order of `signals`: `record_id` (key),
            `patient_id`, `rhythm`, `heart_rate` (beats a minute: 60 over the mean interval of
            the record), `ventricular_beats` (count), `noise` (`low`, `medium`, `high`),
            `baseline_mv`, `mains_mv`, `muscle_mv` (root mean square of each noise in lead I),
            and the patient's traits: `amplitude` (1 is ordinary), `axis` (degrees),
            `qrs_ms`, `pr_ms`, `t_ratio` (T wave to R wave).
        beats: a row for each beat whose R peak lies in the record: `record_id`, `beat`
            (from 0), `onset_s` (start of the QRS), `peak_s` (its R peak), `rr_s` (since the
            peak before, NaN for the first), `kind` (`normal` or `ventricular`).
    """

    signals: NDArray[np.float32]
    rate: int
    leads: tuple[str, ...]
    table: pd.DataFrame
    beats: pd.DataFrame


def _patients(records: int, seed: int) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return the patient of each record, and a row for each patient with his or her traits."""
    opens = stream(seed, "ecg/patient").random(records) < NEW_PATIENT
    opens[0] = True
    number = np.cumsum(opens) - 1
    count = int(number[-1]) + 1

    def draw(name: str) -> Floats:
        return stream(seed, f"ecg/patient/{name}").standard_normal(count)

    usual = _pick(stream(seed, "ecg/patient/rhythm").random(count))
    patients = pd.DataFrame(
        {
            "patient_id": [f"EP{k + 1:06d}" for k in range(count)],
            "usual": usual,
            "amplitude": np.exp(0.22 * draw("amplitude")).clip(0.5, 2.0).round(3),
            "axis": (48 + 26 * draw("axis")).clip(-45, 110).round(1),
            "qrs_ms": (92 + 11 * draw("qrs")).clip(70, 118).round(1),
            "pr_ms": (160 + 18 * draw("pr")).clip(120, 200).round(1),
            "t_ratio": (0.27 + 0.07 * draw("t")).clip(0.12, 0.5).round(3),
        }
    )
    return number, patients


def _pick(share: Floats) -> NDArray[np.str_]:
    limits = np.cumsum([part for part, _ in RHYTHMS.values()])[:-1]
    return np.array(list(RHYTHMS))[np.searchsorted(limits, share)]


def _records(records: int, seed: int) -> pd.DataFrame:
    """Draw the records: their patient, rhythm, target rate and noise."""
    number, patients = _patients(records, seed)

    def draw(name: str) -> Floats:
        return stream(seed, f"ecg/{name}").random(records)

    table = patients.iloc[number].reset_index(drop=True)
    usual = table.pop("usual").to_numpy()
    rhythm = np.where(draw("usual") < USUAL, usual, _pick(draw("rhythm")))
    low, high = np.array([RHYTHMS[name][1] for name in rhythm]).T
    levels = np.searchsorted(np.cumsum(NOISE_SHARES)[:-1], draw("noise"))
    table.insert(0, "record_id", [f"ER{k + 1:07d}" for k in range(records)])
    return table.assign(
        rhythm=rhythm,
        target_rate=low + (high - low) * draw("rate"),
        noise=np.array(list(NOISE_LEVELS))[levels],
    )


def _rhythm(
    rng: np.random.Generator, rhythm: str, rate: float, seconds: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the times of the R peaks, 1.5 s before and after included, and which are ventricular.

    Sinus rhythms breathe (0.25 Hz), sway (0.1 Hz) and wander a little; atrial fibrillation
    draws each interval anew; a premature beat is followed by a compensatory pause.
    """
    mean = 60 / rate
    count = int((seconds + 3) / mean * 1.6) + 6
    if rhythm == "atrial_fibrillation":
        spread = FIBRILLATION_SPREAD
        drawn = np.exp(rng.normal(-(spread**2) / 2, spread, count))
        interval = np.clip(mean * drawn, 0.28, 2.2)
    else:
        clock, phase = np.arange(count) * mean, rng.uniform(0, 2 * np.pi, 2)
        depth = rng.uniform(0.01, 0.035) * min(1.0, mean / 0.8)
        breath = depth * np.sin(2 * np.pi * 0.25 * clock + phase[0])
        sway = 0.7 * depth * np.sin(2 * np.pi * 0.1 * clock + phase[1])
        interval = mean * (1 + breath + sway + rng.normal(0, 0.008, count))
    ventricular = np.zeros(count, np.bool_)
    if rhythm == "premature_ventricular":
        _plant_premature(rng, interval, ventricular, seconds)
    peaks = np.cumsum(interval) - rng.uniform(0.6, 1.4) * mean
    near = (peaks > -1.5) & (peaks < seconds + 1.5)
    return peaks[near], ventricular[near]


def _plant_premature(
    rng: np.random.Generator, interval: Floats, ventricular: NDArray[np.bool_], seconds: float
) -> None:
    """Bring one to four beats forward; the beat after comes when it would have come."""
    inside = np.flatnonzero(np.cumsum(interval) < seconds - 1.0)[3:]
    wanted = int(rng.integers(1, 5))
    for beat in rng.permutation(inside):
        if ventricular.sum() >= wanted:
            break
        if ventricular[beat - 1] or ventricular[beat + 1]:
            continue
        early = interval[beat] * rng.uniform(*PREMATURITY)
        interval[beat + 1] += interval[beat] - early
        interval[beat] = early
        ventricular[beat] = True


def _wave(
    time: Floats, centre: Floats, width: Floats, height: Floats, direction: float
) -> NDArray[np.float64]:
    """Return the sum of Gaussian waves in the frontal plane, (2, samples), millivolts."""
    total = np.zeros_like(time)
    for c, w, h in zip(centre, width, height, strict=True):
        first, last = np.searchsorted(time, (c - 6 * w, c + 6 * w))
        near = time[first:last]
        total[first:last] += h * np.exp(-0.5 * ((near - c) / w) ** 2)
    angle = np.deg2rad(direction)
    return np.outer([np.cos(angle), np.sin(angle)], total)


def _normal_beats(
    time: Floats, peaks: Floats, before: Floats, traits: dict[str, float], with_p: bool
) -> NDArray[np.float64]:
    """Return the P, Q, R, S and T waves of the beats that come through the ordinary way."""
    qrs, axis = traits["qrs_ms"] / 1000, traits["axis"]
    same, tall = np.ones_like(peaks), 1.15 * traits["amplitude"]
    plane = _wave(time, peaks, 0.13 * qrs * same, tall * same, axis)
    plane += _wave(time, peaks - 0.30 * qrs, 0.10 * qrs * same, 0.12 * tall * same, axis + 170)
    plane += _wave(time, peaks + 0.32 * qrs, 0.13 * qrs * same, 0.24 * tall * same, axis + 150)
    # the QT interval follows the square root of the interval before (Bazett)
    late = 0.27 * np.sqrt(before)
    height = traits["t_ratio"] * tall * same
    plane += _wave(time, peaks + late, 0.15 * late, height, 0.7 * axis + 12)
    plane += _wave(time, peaks + late + 0.11 * late, 0.10 * late, 0.35 * height, 0.7 * axis + 12)
    if with_p:
        ahead = traits["pr_ms"] / 1000 * np.minimum(1.0, 0.75 + 0.25 * before)
        plane += _wave(
            time, peaks - ahead + 0.02, 0.022 * same, 0.13 * traits["amplitude"] * same, 55.0
        )
    return plane


def _ventricular_beats(
    time: Floats, peaks: Floats, traits: dict[str, float]
) -> NDArray[np.float64]:
    """Return wide beats from the ventricle: no P wave, a T wave the other way."""
    same, tall = np.ones_like(peaks), 1.5 * traits["amplitude"]
    axis = traits["axis"] + 25 if traits["axis"] < 50 else traits["axis"] - 40
    plane = _wave(time, peaks, 0.036 * same, tall * same, axis)
    plane += _wave(time, peaks + 0.07, 0.034 * same, 0.45 * tall * same, axis + 165)
    return plane + _wave(time, peaks + 0.30, 0.06 * same, 0.42 * tall * same, axis + 180)


def _fibrillation(rng: np.random.Generator, time: Floats) -> NDArray[np.float64]:
    """Return the fibrillatory waves of the atria: 5 to 8 a second, never quite the same."""
    total = np.zeros_like(time)
    for _ in range(3):
        rate, wobble = rng.uniform(5, 8), rng.uniform(0.2, 0.5)
        phase = rng.uniform(0, 2 * np.pi, 2)
        drift = 1.5 * np.sin(2 * np.pi * wobble * time + phase[0])
        total += rng.uniform(0.015, 0.035) * np.sin(2 * np.pi * rate * time + drift + phase[1])
    return np.outer([np.cos(np.deg2rad(70)), np.sin(np.deg2rad(70))], total)


def _noise(rng: np.random.Generator, time: Floats, level: str) -> dict[str, NDArray[np.float64]]:
    """Return the noises of leads I and II, each (2, samples), millivolts."""
    gain = NOISE_LEVELS[level]
    baseline, mains = np.zeros((2, len(time))), np.zeros((2, len(time)))
    strength = gain * rng.uniform(0.5, 1.5, 3) * (0.06, 0.012, 0.022)
    for lead in range(2):
        for rate in rng.uniform(0.05, 0.45, 3):
            baseline[lead] += np.sin(2 * np.pi * rate * time + rng.uniform(0, 2 * np.pi))
        mains[lead] = rng.uniform(0.6, 1.2) * np.sin(
            2 * np.pi * 50 * time + rng.uniform(0, 2 * np.pi)
        )
    muscle = rng.standard_normal((2, len(time)))
    burst = 0.5 + np.exp(-0.5 * ((time - rng.uniform(0, time[-1])) / (0.15 * time[-1])) ** 2)
    return {
        "baseline_mv": strength[0] * baseline,
        "mains_mv": strength[1] * mains,
        "muscle_mv": strength[2] * muscle * burst,
    }


def _record(
    row: dict[str, object], seed: int, number: int, seconds: float, rate: int
) -> tuple[NDArray[np.float64], pd.DataFrame, dict[str, float]]:
    """Return one record (3, samples), its beats and what was measured while making it."""
    time = np.arange(round(seconds * rate)) / rate
    rhythm = str(row["rhythm"])
    traits = {k: float(str(row[k])) for k in ("amplitude", "axis", "qrs_ms", "pr_ms", "t_ratio")}
    rng = stream(seed, "ecg/beats", number)
    peaks, early = _rhythm(rng, rhythm, float(str(row["target_rate"])), seconds)
    before = np.diff(peaks, prepend=peaks[0] - 60 / float(str(row["target_rate"])))
    fibrillating = rhythm == "atrial_fibrillation"
    plane = _normal_beats(time, peaks[~early], before[~early], traits, not fibrillating)
    if fibrillating:
        plane += _fibrillation(rng, time)
    if early.any():
        plane += _ventricular_beats(time, peaks[early], traits)
    noises = _noise(stream(seed, "ecg/noise", number), time, str(row["noise"]))
    angle = np.deg2rad(LEAD_DEGREES[:2])
    leads = np.column_stack([np.cos(angle), np.sin(angle)]) @ plane + sum(noises.values())
    inside = (peaks >= 0) & (peaks < seconds)
    beats = pd.DataFrame(
        {
            "record_id": row["record_id"],
            "beat": np.arange(int(inside.sum())),
            "onset_s": peaks[inside] - np.where(early[inside], 0.08, traits["qrs_ms"] / 2000),
            "peak_s": peaks[inside],
            "rr_s": np.concatenate([[np.nan], np.diff(peaks[inside])]),
            "kind": np.where(early[inside], "ventricular", "normal"),
        }
    ).round({"onset_s": 4, "peak_s": 4, "rr_s": 4})
    known = {name: float(np.sqrt((noise[0] ** 2).mean())) for name, noise in noises.items()}
    known["heart_rate"] = 60 / float(beats["rr_s"].mean())
    known["ventricular_beats"] = float(early[inside].sum())
    return np.vstack([leads, leads[1] - leads[0]]), beats, known


def _check(records: int, seconds: float, rate: int) -> None:
    whole_number("records", records, 1, 100_000)
    whole_number("rate", rate, 125, 1000)
    if not isinstance(seconds, int | float) or not 5 <= seconds <= 60:
        raise ValueError(f"seconds must lie between 5 and 60, not {seconds!r}")
    if records * seconds * rate * 12 > LARGEST_BYTES:
        raise ValueError(
            f"{records:,} records of {seconds} s need more than 2 GiB: "
            "ask for fewer or shorter ones, several times with several seeds"
        )


def ecg(records: int, seed: int, seconds: float = 10.0, rate: int = 250) -> Ecg:
    """Make ECG records of leads I, II and III: synthetic, of no patient.

    The records of one patient share amplitude, axis, QRS width, PR interval and T wave, and
    mostly the rhythm: a model validated on a split by record recognises patients.

    Args:
        records: how many, 1 to 100,000; the first ones do not change when more are asked for.
        seed: the same seed gives the same table everywhere and the same signals on one
            machine (on another, to the last bits of a float).
        seconds: length of a record, 5 to 60.
        rate: samples a second, 125 to 1,000.

    Raises:
        ValueError: an argument is impossible, or the signals would take more than 2 GiB.
    """
    _check(records, seconds, rate)
    table = _records(records, seed)
    signals = np.empty((records, len(LEADS), round(seconds * rate)), np.float32)
    beats, known = [], []
    for number, row in enumerate(table.to_dict("records")):
        facts = {str(name): value for name, value in row.items()}
        signals[number], found, measured = _record(facts, seed, number, seconds, rate)
        beats.append(found)
        known.append(measured)
    table = pd.concat([table.drop(columns="target_rate"), pd.DataFrame(known)], axis=1)
    table = table.astype({"ventricular_beats": "int64"}).round(
        {"heart_rate": 1, "baseline_mv": 4, "mains_mv": 4, "muscle_mv": 4}
    )
    traits = ["amplitude", "axis", "qrs_ms", "pr_ms", "t_ratio"]
    table = table[[k for k in table if k not in traits] + traits]
    return Ecg(signals, rate, LEADS, table, pd.concat(beats, ignore_index=True))
