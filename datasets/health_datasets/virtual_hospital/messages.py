"""Movement messages as a hospital's software sends them (what an HL7 ADT feed says, as dicts).

The stays, units and times are those of the virtual hospital's own movements; how messages
arrive (twice, late, wrong then corrected, cancelled, never) is planted with a seed and told in
`MovementFeed.truth`. Nobody in them is real.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from health_datasets.virtual_hospital.build import hospital
from health_datasets.virtual_hospital.streams import stream

Message = dict[str, str | None]
Step = tuple[str, datetime, datetime | None]

STARTED_AT: Final = datetime(2024, 2, 12)
# 29 February lies inside, a change of clock does not: times are local, without zone
EXTRACTED_AT: Final = datetime(2024, 3, 4, 12)
MESSAGE_DEFECTS: Final = ("repeated", "late", "corrected", "cancelled", "lost")
MOST_STAYS: Final = 100
# stays that planted defects need, so that each kind has a place
FEWEST_WITH_DEFECTS: Final = 16
# enough people for several readmissions and transfers in three weeks
_PATIENTS, _DAYS = 3_000, 45
# a defect strikes an event that is at least this old, so that its sequel is received in time
_SEQUEL: Final = timedelta(hours=24)
# what is cut by a planted event lasts at least this long
_LONG_STEP: Final = timedelta(hours=10)


@dataclass(frozen=True)
class FeedTruth:
    """What is true about a feed; never give it to who must find it.

    Attributes:
        pathways: for each stay, its steps (unit, from, to) as the messages received say them
            once put right; the last `to` is None without a discharge. A change of bed inside a
            unit makes no step.
        valid: ids of the messages that are neither replaced nor cancelled, nor cancellations,
            by stay and order of the events.
        repeated: ids of the messages received more than once.
        late: ids of the messages, not corrections, received after the next event of their stay.
        corrected: id of the message put right → id of the message that replaces it.
        cancelled: ids of the messages cancelled.
        lost: stays whose discharge was never received → when the patient really left.
    """

    pathways: dict[str, list[Step]]
    valid: list[str]
    repeated: list[str]
    late: list[str]
    corrected: dict[str, str]
    cancelled: list[str]
    lost: dict[str, datetime]


@dataclass(frozen=True)
class MovementFeed:
    """The messages of some stays and what is true about them.

    Attributes:
        messages: in the order of reception; each has `message_id`, `received_at`, `kind`
            (`admission`, `transfer`, `discharge`, `cancellation`), `stay_id`, `patient_id`,
            `unit` (None for a discharge or a cancellation), `at` (when it happened) and
            `replaces` (id of the message that it corrects or cancels, or None). Times are ISO
            texts to the minute, local, such as `"2024-02-29T14:05"`.
        extracted_at: what is received from then on is not in it.
        truth: see `FeedTruth`.
    """

    messages: list[Message]
    extracted_at: datetime
    truth: FeedTruth


@dataclass(eq=False)
class _Draft:
    """A message before it is numbered and written."""

    kind: str
    unit: str | None
    at: datetime
    entered: datetime
    received: datetime
    replaces: "_Draft | None" = None
    void: bool = False
    copies: list[datetime] = field(default_factory=list)


@dataclass(eq=False)
class _Stay:
    stay_id: str
    patient_id: str
    drafts: list[_Draft]
    steps: list[Step]
    left: datetime | None
    readmitted: bool = False


def movement_messages(
    *, seed: int, stays: int = 24, defects: Iterable[str] = MESSAGE_DEFECTS
) -> MovementFeed:
    """Return the movement messages of some stays begun from 12 February 2024 on.

    Among the stays: patients with two of them, stays with several units or beds, stays still
    open on 4 March at noon, when the messages are extracted. Patients admitted before
    12 February are not in it.

    Args:
        seed: the same arguments give the same messages, on every machine.
        stays: how many, 1 to 100; at least 16 with defects.
        defects: some of `MESSAGE_DEFECTS`; none for a feed as it should be. `cancelled` adds
            one stay, opened by mistake. Each kind asked for is there at least twice, except
            `lost`, at least once.

    Raises:
        ValueError: an argument is impossible; the message says what is possible.
    """
    wanted = [defects] if isinstance(defects, str) else list(defects)
    unknown = [name for name in wanted if name not in MESSAGE_DEFECTS]
    if unknown:
        raise ValueError(f"no defect {unknown[0]!r}; choose among {', '.join(MESSAGE_DEFECTS)}")
    least = FEWEST_WITH_DEFECTS if wanted else 1
    if not least <= stays <= MOST_STAYS:
        raise ValueError(f"stays must lie between {least} and {MOST_STAYS}, not {stays!r}")
    rng = stream(seed, "messages")
    chosen = _choose(_all_stays(seed), rng, stays)
    for stay in chosen:
        stay.drafts = _drafts(stay, rng)
    truth: dict[str, list[_Draft]] = {name: [] for name in MESSAGE_DEFECTS}
    free = [chosen[i] for i in rng.permutation(len(chosen))]
    if "lost" in wanted:
        truth["lost"] = _lose(free, max(1, stays // 12))
    if "cancelled" in wanted:
        chosen.append(_by_mistake(rng, free))
        truth["cancelled"] = [chosen[-1].drafts[0], *_cancel(rng, free, max(2, stays // 8))]
    if "corrected" in wanted:
        truth["corrected"] = _correct(rng, free, max(4, stays // 6))
    if "late" in wanted:
        truth["late"] = _delay(rng, free, max(2, stays // 6))
    if "repeated" in wanted:
        truth["repeated"] = _repeat(rng, chosen, max(4, stays // 4))
    return _feed(chosen, truth)


# --- what happened


def _all_stays(seed: int) -> list[_Stay]:
    """Return every stay begun before the extraction, by number."""
    group = hospital(_PATIENTS, seed=seed, start=STARTED_AT.strftime("%Y-%m-%d"), days=_DAYS)
    moves = group.movements
    moves = moves[moves["from_at"] < EXTRACTED_AT - timedelta(minutes=30)]
    found: dict[str, _Stay] = {}
    columns = (moves[name].tolist() for name in ("stay_id", "patient_id", "unit"))
    times = (moves[name].dt.to_pydatetime() for name in ("from_at", "to_at"))
    for number, patient, unit, begin, end in zip(*columns, *times, strict=True):
        stay = found.setdefault(number, _Stay(number, patient, [], [], None))
        kind = "transfer" if stay.drafts else "admission"
        stay.drafts.append(_Draft(kind, unit, begin, begin, begin))
        gone = end < EXTRACTED_AT - timedelta(minutes=30)
        stay.left = end if gone else None
        if stay.steps and stay.steps[-1][0] == unit:
            begin = stay.steps.pop()[1]
        stay.steps.append((unit, begin, stay.left))
    return list(found.values())


def _choose(pool: list[_Stay], rng: np.random.Generator, count: int) -> list[_Stay]:
    """Draw stays, the telling ones first; return them by number."""
    pool = [pool[i] for i in rng.permutation(len(pool))]
    by_patient: dict[str, list[_Stay]] = {}
    for stay in sorted(pool, key=lambda one: one.stay_id):
        by_patient.setdefault(stay.patient_id, []).append(stay)
    pairs = []
    for stay in pool:
        first, *others = by_patient[stay.patient_id]
        old = first.left is not None and first.left < EXTRACTED_AT - _SEQUEL
        if first is stay and others and old:
            pairs.append((first, others[0]))
    pairs = pairs[: max(1, count // 12)]
    for first, _ in pairs:
        first.readmitted = True
    kinds = (
        [stay for pair in pairs for stay in pair],
        [stay for stay in pool if len(stay.steps) > 1][: max(1, count // 4)],
        [stay for stay in pool if len(stay.drafts) > len(stay.steps)][: max(1, count // 8)],
        [stay for stay in pool if stay.left is None][: max(1, count // 6)],
        pool,
    )
    ordered = {id(stay): stay for kind in kinds for stay in kind}
    return sorted(list(ordered.values())[:count], key=lambda one: one.stay_id)


def _drafts(stay: _Stay, rng: np.random.Generator) -> list[_Draft]:
    """Return the messages of a stay as they should arrive: in a few minutes, in order."""
    drafts = list(stay.drafts)
    if stay.left is not None:
        drafts.append(_Draft("discharge", None, stay.left, stay.left, stay.left))
    latest = STARTED_AT
    for draft in drafts:
        draft.entered = draft.received = max(draft.at, latest) + _minutes(rng, 1, 5)
        latest = draft.received
    return drafts


def _minutes(rng: np.random.Generator, low: int, high: int) -> timedelta:
    return timedelta(minutes=int(rng.integers(low, high + 1)))


# --- what goes wrong: each takes the stays that it strikes out of `free`


def _old(draft: _Draft) -> bool:
    return draft.at < EXTRACTED_AT - _SEQUEL


def _take(free: list[_Stay], fits: list[_Stay], count: int) -> list[_Stay]:
    """Take the first `count` stays that fit out of `free`."""
    taken = fits[:count]
    free[:] = [stay for stay in free if not any(stay is one for one in taken)]
    return taken


def _lose(free: list[_Stay], count: int) -> list[_Draft]:
    """Lose discharges, first that of a patient who came back."""
    fits = [stay for stay in free if stay.left is not None and _old(stay.drafts[-1])]
    fits.sort(key=lambda stay: not stay.readmitted)
    lost = []
    for stay in _take(free, fits, count):
        lost.append(stay.drafts.pop())
        unit, begin, _ = stay.steps[-1]
        stay.steps[-1] = (unit, begin, None)
    return lost


def _by_mistake(rng: np.random.Generator, free: list[_Stay]) -> _Stay:
    """Return a stay opened by mistake a few minutes before the patient's own, and cancelled."""
    own = next(stay for stay in free if _old(stay.drafts[0]))
    first = own.drafts[0]
    at = first.at - _minutes(rng, 2, 9)
    sent = at + _minutes(rng, 0, 1)
    wrong = _Draft("admission", first.unit, at, sent, sent)
    # no stay of this hospital has such a number
    number = f"ST9{own.stay_id[3:]}"
    return _Stay(number, own.patient_id, [wrong, _cancellation(rng, wrong)], [], None)


def _cancellation(rng: np.random.Generator, wrong: _Draft) -> _Draft:
    wrong.void = True
    at = wrong.received + _minutes(rng, 15, 180)
    return _Draft("cancellation", None, at, at, at + _minutes(rng, 1, 5), replaces=wrong)


def _cancel(rng: np.random.Generator, free: list[_Stay], count: int) -> list[_Draft]:
    """Announce movements that do not take place, then cancel them.

    A discharge and a transfer in turn; of the first one, the cancellation arrives first.
    """
    fits = [stay for stay in free if _long_step(stay) is not None]
    cancelled = []
    for i, stay in enumerate(_take(free, fits, count)):
        unit, begin, end = _long_step(stay) or stay.steps[0]
        span = (end or EXTRACTED_AT - _SEQUEL) - begin
        at = begin + timedelta(minutes=int(span.total_seconds() // 60 * rng.uniform(0.3, 0.6)))
        sent = at + _minutes(rng, 1, 5)
        kind, where = ("discharge", None) if i % 2 == 0 else ("transfer", _other(rng, unit))
        wrong = _Draft(kind, where, at, sent, sent)
        undo = _cancellation(rng, wrong)
        if i == 0:
            wrong.received = undo.received + _minutes(rng, 5, 60)
        stay.drafts += [wrong, undo]
        cancelled.append(wrong)
    return cancelled


def _long_step(stay: _Stay) -> Step | None:
    """Return a step of the stay that is long enough, and old enough, to be cut."""
    limit = EXTRACTED_AT - _SEQUEL
    fits = [step for step in stay.steps if (step[2] or limit) - step[1] > _LONG_STEP]
    return next((step for step in fits if step[1] < limit - _LONG_STEP), None)


def _other(rng: np.random.Generator, unit: str | None) -> str:
    names = [name for name in ("MED", "CARD", "PNEU", "CHIR", "GERI", "NEUR") if name != unit]
    return names[int(rng.integers(len(names)))]


def _correct(rng: np.random.Generator, free: list[_Stay], count: int) -> list[_Draft]:
    """Put wrong messages in the place of right ones, which now correct them.

    In turn: a wrong unit; a wrong time; two corrections one after the other; a correction
    received before what it corrects.
    """
    corrected = []
    for i, stay in enumerate(_take(free, [one for one in free if _old(one.drafts[0])], count)):
        right = stay.drafts[0]
        if i % 4 != 1:
            later = [draft for draft in stay.drafts[1:] if draft.unit and _old(draft)]
            right = later[0] if later else right
        wrong = _Draft(right.kind, right.unit, right.at, right.entered, right.received)
        if i % 4 == 1:
            wrong.at -= _minutes(rng, 60, 600)
        else:
            wrong.unit = _other(rng, right.unit)
        wrong.void = True
        chain = [wrong]
        if i % 4 == 2:
            # the first correction is wrong too: another unit again
            sent = wrong.received + _minutes(rng, 20, 240)
            again = _Draft(wrong.kind, _other(rng, right.unit), right.at, sent, sent, wrong, True)
            chain.append(again)
        right.replaces = chain[-1]
        right.entered = right.received = chain[-1].received + _minutes(rng, 20, 240)
        if i % 4 == 3:
            wrong.received = right.received + _minutes(rng, 5, 60)
        stay.drafts += chain
        corrected += chain
    return corrected


def _delay(rng: np.random.Generator, free: list[_Stay], count: int) -> list[_Draft]:
    """Make messages arrive after the next event of their stay: first transfers, then others."""
    fits = [stay for stay in free if len(stay.drafts) > 1 and _old(stay.drafts[1])]
    fits.sort(key=lambda stay: len(stay.drafts) < 3)
    late: list[_Draft] = []
    for stay in _take(free, fits, count):
        old = [i for i, draft in enumerate(stay.drafts[1:]) if _old(draft)]
        place = old[-1]
        draft = stay.drafts[place]
        draft.received = stay.drafts[place + 1].received + _minutes(rng, 5, 90)
        if len(late) % 2:
            draft.entered = draft.received
        late.append(draft)
    return late


def _repeat(rng: np.random.Generator, chosen: list[_Stay], count: int) -> list[_Draft]:
    """Send messages again minutes or hours later, the first one twice."""
    limit = EXTRACTED_AT - _SEQUEL
    drafts = [draft for stay in chosen for draft in stay.drafts if draft.received < limit]
    repeated = [drafts[i] for i in rng.permutation(len(drafts))[:count]]
    for i, draft in enumerate(repeated):
        draft.copies = [draft.received + _minutes(rng, 7, 600)]
        if i == 0:
            draft.copies.append(draft.copies[0] + _minutes(rng, 7, 600))
    return repeated


# --- what is received


def _feed(chosen: list[_Stay], truth: dict[str, list[_Draft]]) -> MovementFeed:
    drafts = [(draft, stay) for stay in chosen for draft in stay.drafts]
    drafts.sort(key=lambda pair: (pair[0].entered, pair[1].stay_id, pair[0].at))
    ids = {id(draft): f"ADT{400 + i:05d}" for i, (draft, _) in enumerate(drafts)}
    messages: list[Message] = []
    for draft, stay in drafts:
        for received in (draft.received, *draft.copies):
            message: Message = {
                "message_id": ids[id(draft)],
                "received_at": _text(received),
                "kind": draft.kind,
                "stay_id": stay.stay_id,
                "patient_id": stay.patient_id,
                "unit": draft.unit,
                "at": _text(draft.at),
                "replaces": None if draft.replaces is None else ids[id(draft.replaces)],
            }
            messages.append(message)
    messages.sort(key=lambda message: (message["received_at"], message["message_id"]))
    return MovementFeed(messages, EXTRACTED_AT, _truth(chosen, truth, ids))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def _truth(chosen: list[_Stay], planted: dict[str, list[_Draft]], ids: dict[int, str]) -> FeedTruth:
    listed: dict[str, list[str]] = {
        name: sorted(ids[id(draft)] for draft in planted[name])
        for name in ("repeated", "late", "cancelled")
    }
    valid: list[str] = []
    corrected: dict[str, str] = {}
    lost: dict[str, datetime] = {}
    for stay in chosen:
        kept = [one for one in stay.drafts if not one.void and one.kind != "cancellation"]
        ranks = ("admission", "transfer", "discharge")
        kept.sort(key=lambda one: (one.at, ranks.index(one.kind), ids[id(one)]))
        valid += [ids[id(draft)] for draft in kept]
        for draft in stay.drafts:
            if draft.replaces is not None and draft.kind != "cancellation":
                corrected[ids[id(draft.replaces)]] = ids[id(draft)]
        if stay.left is not None and kept and kept[-1].kind != "discharge":
            lost[stay.stay_id] = stay.left
    pathways = {stay.stay_id: stay.steps for stay in chosen if stay.steps}
    return FeedTruth(pathways=pathways, valid=valid, corrected=corrected, lost=lost, **listed)
