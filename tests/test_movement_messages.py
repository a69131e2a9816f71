"""Movement messages: what is planted is there, the truth is what a careful reader finds."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

import pytest
from health_datasets import MovementFeed, hospital, movement_messages
from health_datasets.virtual_hospital.messages import (
    MESSAGE_DEFECTS,
    STARTED_AT,
    Message,
    Step,
)

SEEDS = range(25)
RANK = {"admission": 0, "transfer": 1, "discharge": 2}


def read(messages: Iterable[Message]) -> tuple[list[str], dict[str, list[Step]]]:
    """Put the messages right: the ids of the valid ones in order, and the pathways."""
    once = {str(message["message_id"]): message for message in messages}
    undone = {message["replaces"] for message in once.values()}
    groups = defaultdict(list)
    for number, message in once.items():
        if number not in undone and message["kind"] != "cancellation":
            groups[str(message["stay_id"])].append(message)
    valid, pathways = [], {}
    for stay in sorted(groups):
        events = sorted(
            groups[stay], key=lambda one: (one["at"], RANK[str(one["kind"])], one["message_id"])
        )
        valid += [str(event["message_id"]) for event in events]
        places: list[tuple[str, datetime]] = []
        end = None
        for event in events:
            at = datetime.fromisoformat(str(event["at"]))
            if event["unit"] is None:
                end = at
            elif not places or places[-1][0] != event["unit"]:
                places.append((event["unit"], at))
        ends = [*(at for _, at in places[1:]), end]
        pathways[stay] = [(*place, to) for place, to in zip(places, ends, strict=True)]
    return valid, pathways


@pytest.fixture(scope="module", params=[16, 24])
def feeds(request: pytest.FixtureRequest) -> list[MovementFeed]:
    return [movement_messages(seed=seed, stays=request.param) for seed in SEEDS]


def test_same_arguments_same_messages_other_seed_others() -> None:
    feed, again = movement_messages(seed=3), movement_messages(seed=3)
    assert feed == again
    assert feed.messages != movement_messages(seed=4).messages
    # plain data, which json takes and gives back
    assert json.loads(json.dumps(feed.messages)) == feed.messages


def test_the_truth_is_what_a_careful_reader_finds(feeds: list[MovementFeed]) -> None:
    for feed in feeds:
        valid, pathways = read(feed.messages)
        assert pathways == feed.truth.pathways
        # the stay opened by mistake comes among the others, by number
        assert sorted(valid) == sorted(feed.truth.valid)


def test_every_defect_is_there_and_listed(feeds: list[MovementFeed]) -> None:
    for feed in feeds:
        messages, truth = feed.messages, feed.truth
        copies = Counter(message["message_id"] for message in messages)
        assert sorted(n for n, count in copies.items() if count > 1) == truth.repeated
        assert max(copies.values()) == 3
        once = {str(message["message_id"]): message for message in reversed(messages)}
        undone = {str(m["replaces"]): m for m in once.values() if m["replaces"] is not None}
        cancelled = [n for n, m in undone.items() if m["kind"] == "cancellation"]
        assert sorted(cancelled) == truth.cancelled
        assert {n: m["message_id"] for n, m in undone.items() if n not in cancelled} == (
            truth.corrected
        )
        kinds = {once[n]["kind"] for n in cancelled}
        assert kinds == {"admission", "transfer", "discharge"}
        # a correction of a correction; something undone before it is received
        assert set(truth.corrected) & set(truth.corrected.values())
        early = {n for n, m in undone.items() if str(m["received_at"]) < once[n]["received_at"]}
        assert early & set(cancelled) and early & set(truth.corrected)
        assert truth.late and truth.lost


def test_late_messages_arrive_after_the_next_event_of_their_stay(
    feeds: list[MovementFeed],
) -> None:
    for feed in feeds:
        once = {str(message["message_id"]): message for message in reversed(feed.messages)}
        valid, _ = read(feed.messages)
        pairs = [(once[one], once[other]) for one, other in pairwise(valid)]
        late = {
            one["message_id"]
            for one, other in pairs
            if one["stay_id"] == other["stay_id"]
            and one["replaces"] is None
            and str(one["received_at"]) > str(other["received_at"])
        }
        assert late == set(feed.truth.late)


def test_copies_differ_by_their_reception_alone(feeds: list[MovementFeed]) -> None:
    for feed in feeds:
        seen: dict[str, list[Message]] = defaultdict(list)
        for message in feed.messages:
            seen[str(message["message_id"])].append(message)
        for copies in seen.values():
            assert len({message["received_at"] for message in copies}) == len(copies)
            rest = [{**message, "received_at": ""} for message in copies]
            assert all(one == rest[0] for one in rest)


def test_order_and_limits_of_reception(feeds: list[MovementFeed]) -> None:
    for feed in feeds:
        received = [datetime.fromisoformat(str(m["received_at"])) for m in feed.messages]
        assert received == sorted(received)
        assert received[0] >= STARTED_AT and received[-1] < feed.extracted_at
        for message, moment in zip(feed.messages, received, strict=True):
            assert datetime.fromisoformat(str(message["at"])) <= moment
            assert (message["unit"] is None) == (message["kind"] in ("discharge", "cancellation"))


def test_a_feed_has_open_stays_bed_changes_and_patients_with_two_stays(
    feeds: list[MovementFeed],
) -> None:
    for feed in feeds:
        pathways = feed.truth.pathways.values()
        still = [steps for steps in pathways if steps[-1][2] is None]
        assert len(still) > len(feed.truth.lost)
        assert any(len(steps) > 1 for steps in pathways)
        arrivals = {m["message_id"] for m in feed.messages if m["unit"] is not None}
        assert len(arrivals & set(feed.truth.valid)) > sum(len(steps) for steps in pathways)
        owner = {m["stay_id"]: m["patient_id"] for m in feed.messages}
        stays = Counter(owner[stay] for stay in feed.truth.pathways)
        assert max(stays.values()) > 1
        # a discharge that was lost shows where its patient came back
        first = next(iter(feed.truth.lost))
        assert any(stays[owner[stay]] > 1 for stay in feed.truth.lost), first
        assert all(feed.truth.pathways[stay][-1][2] is None for stay in feed.truth.lost)


def test_a_clean_feed_says_the_hospital_s_own_movements() -> None:
    feed = movement_messages(seed=5, stays=40, defects=())
    assert not any(message["replaces"] for message in feed.messages)
    assert [m["message_id"] for m in feed.messages] == sorted(
        str(m["message_id"]) for m in feed.messages
    )
    assert read(feed.messages)[1] == feed.truth.pathways
    assert len(feed.truth.pathways) == 40 and not feed.truth.lost
    moves = hospital(3_000, seed=5, start="2024-02-12", days=45).movements
    moves = moves[moves["stay_id"].isin(list(feed.truth.pathways))]
    first = moves.groupby("stay_id").first()
    for stay, steps in feed.truth.pathways.items():
        assert steps[0][:2] == (first["unit"][stay], first["from_at"][stay].to_pydatetime())
        left = moves.loc[moves["stay_id"] == stay, "to_at"].max()
        assert steps[-1][2] in (None, left.to_pydatetime())


@pytest.mark.parametrize("defect", MESSAGE_DEFECTS)
def test_one_defect_alone(defect: str) -> None:
    truth = movement_messages(seed=9, stays=16, defects=defect).truth
    planted = {name for name in MESSAGE_DEFECTS if getattr(truth, name)}
    assert planted == {defect}


def test_few_stays_without_defects() -> None:
    feed = movement_messages(seed=2, stays=1, defects=())
    assert len(feed.truth.pathways) == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"stays": 15}, "16"),
        ({"stays": 0, "defects": ()}, "1 and 100"),
        ({"stays": 101}, "100"),
        ({"defects": ["repeated", "doubled"]}, "doubled"),
    ],
)
def test_impossible_arguments_say_what_is_possible(arguments: dict, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        movement_messages(seed=1, **arguments)
