"""The table `outcomes`, computed from the stays, and the probabilities behind it.

`true_outcomes` gives the probabilities by the equations of `equations.py`: who scores every
stay with them has the best AUC and Brier score that can be had. The ones called `…_entry` do
without the latent severity (averaged over its distribution), hence with nothing that
laboratory and vital signs tell: they are the best for who knows the patient and the case alone.
"""

from typing import Final

import numpy as np
import pandas as pd

from health_datasets.virtual_hospital import equations as eq
from health_datasets.virtual_hospital.cases import CASES
from health_datasets.virtual_hospital.equations import Array
from health_datasets.virtual_hospital.facts import Facts, features
from health_datasets.virtual_hospital.tables import Column, Table

MONTH: Final = pd.Timedelta(days=30)
_NODES: Final = 15


def eligible(facts: Facts) -> Array:
    """Tell which stays can be followed by a readmission: with nights, alive, no birth."""
    stays = facts.stays
    birth = np.array([one.way == "birth" for one in CASES])[stays["case"].cat.codes.to_numpy()]
    return np.asarray(stays["night"] & ~stays["dies"] & ~birth)


def _next_urgent(facts: Facts) -> tuple[Array, Array]:
    """Return the next stay by the emergency department (position, -1) and its entry."""
    stays = facts.stays
    wide = np.int64(2**40)
    urgent = np.flatnonzero(stays["emergency"].to_numpy())
    patient = stays["patient"].to_numpy()
    entry = stays["entry_at"].to_numpy().astype("datetime64[s]").astype("int64")
    leave = stays["exit_at"].to_numpy().astype("datetime64[s]").astype("int64")
    order = urgent[np.lexsort((entry[urgent], patient[urgent]))]
    key = patient[order] * wide + entry[order]
    place = np.searchsorted(key, patient * wide + leave, side="left")
    if not len(order):
        return np.full(len(stays), -1), entry
    found = order[place.clip(max=len(order) - 1)]
    same = (place < len(order)) & (patient[found] == patient)
    return np.where(same, found, -1), entry[found]


def make_outcomes(facts: Facts, seed: int) -> pd.DataFrame:
    """Return the table `outcomes`; nothing is drawn, the stays and deaths say it all."""
    stays = facts.stays
    index = eligible(facts)
    limit = stays["exit_at"] + MONTH
    followed = index & (limit <= facts.end).to_numpy()
    row, entry = _next_urgent(facts)
    back = (row >= 0) & (entry <= limit.to_numpy().astype("datetime64[s]").astype("int64"))
    death = facts.patients["death_at"].take(stays["patient"]).reset_index(drop=True)
    later = (death > stays["exit_at"]) & (death <= limit)
    outside = ~facts.patients["dies_in_hospital"].to_numpy()[stays["patient"]]
    names = stays["stay_id"].to_numpy().astype(object)
    readmitted = np.where(back & followed, names[row], None)
    return pd.DataFrame(
        {
            "stay_id": stays["stay_id"],
            "patient_id": facts.patients["patient_id"].take(stays["patient"]).to_numpy(),
            "deterioration": stays["deteriorates_at"].notna(),
            "deterioration_at": stays["deteriorates_at"],
            "death_in_hospital": stays["dies"],
            "index_stay": index,
            "followed_30d": followed,
            "readmission_30d": _known(back, followed),
            "readmission_stay_id": pd.Series(readmitted, dtype="str"),
            "death_30d_outside": _known((later & outside & ~back).to_numpy(), followed),
        }
    ).astype({"patient_id": "str"})


def _known(value: Array, where: Array) -> pd.Series:
    return pd.Series(value, dtype="boolean").where(pd.Series(where))


def _without_severity(known: dict[str, Array], base: Array, worse: Array) -> tuple[Array, Array]:
    """Average the probabilities of deterioration and death over the severity."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    deterioration, death = np.zeros(len(base)), np.zeros(len(base))
    for node, weight in zip(nodes, weights, strict=True):
        severity = known["mean_severity"] + eq.SEVERITY["noise"] * node
        one = {**known, "severity": severity}
        first = eq.DETERIORATION.probability(one, worse)
        deterioration += weight * first
        death += weight * _death(one, base, first)
    return deterioration, death


def _death(known: dict[str, Array], base: Array, deterioration: Array) -> Array:
    """Return the probability of death, whether or not the patient deteriorates."""
    zero, one = np.zeros(len(base)), np.ones(len(base))
    calm = eq.DEATH.probability({**known, "deteriorates": zero}, base)
    worse = eq.DEATH.probability({**known, "deteriorates": one}, base)
    return deterioration * worse + (1 - deterioration) * calm


def true_outcomes(facts: Facts) -> pd.DataFrame:
    """Return the true probability of every outcome of every stay.

    Returns:
        One row a stay, probabilities rounded to 8 decimals: `stay_id`; `p_deterioration` and
        `p_death` at entry, the severity known; `p_deterioration_entry` and `p_death_entry`,
        the severity unknown; `p_death_known`, when it is known whether the patient
        deteriorates; `p_readmission_30d` and `p_death_30d_outside`, missing for stays that
        are no index stay.
    """
    known = features(facts)
    case = facts.stays["case"].cat.codes.to_numpy()
    base = eq.log_odds(np.array([one.death for one in CASES]))[case]
    worse = eq.log_odds(np.array([one.deterioration for one in CASES]))[case]
    deterioration = eq.DETERIORATION.probability(known, worse)
    blind = _without_severity(known, base, worse)
    back = eq.READMISSION.probability(known)
    after = (1 - back) * eq.DEATH_AFTER.probability(known)
    index = eligible(facts)
    table = pd.DataFrame(
        {
            "stay_id": facts.stays["stay_id"],
            "p_deterioration": deterioration,
            "p_death": _death(known, base, deterioration),
            "p_deterioration_entry": blind[0],
            "p_death_entry": blind[1],
            "p_death_known": eq.DEATH.probability(known, base),
            "p_readmission_30d": np.where(index, back, np.nan),
            "p_death_30d_outside": np.where(index, after, np.nan),
        }
    )
    numbers = table.columns[1:]
    table[numbers] = table[numbers].round(8)
    return table


TABLES: Final = (
    Table(
        "outcomes",
        "Ce qu'il advient : aggravation, décès, réadmission à 30 jours",
        "What becomes of them: deterioration, death, readmission at 30 days",
        (
            Column("stay_id", "str", "stay", key="stays.stay_id", french="séjour"),
            Column("patient_id", "str", "patient", key="patients.patient_id", french="patient"),
            Column(
                "deterioration",
                "bool",
                "acute deterioration during the stay",
                french="aggravation aiguë pendant le séjour",
            ),
            Column(
                "deterioration_at",
                "datetime",
                "when it begins, else missing",
                french="son début, sinon absent",
            ),
            Column(
                "death_in_hospital",
                "bool",
                "death at the end of this stay",
                french="décès à la fin de ce séjour",
            ),
            Column(
                "index_stay",
                "bool",
                "stay with nights, alive at exit, no birth",
                french="séjour avec nuit, sorti vivant, hors naissance",
            ),
            Column(
                "followed_30d",
                "bool",
                "index stay whose 30 days lie within the period",
                french="séjour index dont les 30 jours sont dans la période",
            ),
            Column(
                "readmission_30d",
                "boolean",
                "stay by the emergency department within 30 days; missing if not followed",
                french="séjour venu des urgences dans les 30 jours ; absent sans suivi",
            ),
            Column(
                "readmission_stay_id",
                "str",
                "that stay, else missing",
                key="stays.stay_id",
                french="ce séjour, sinon absent",
            ),
            Column(
                "death_30d_outside",
                "boolean",
                "death outside the hospital within 30 days, without readmission; missing if not "
                "followed",
                french="décès hors de l'hôpital dans les 30 jours, sans "
                "réadmission ; absent sans suivi",
            ),
        ),
        make_outcomes,
    ),
)
