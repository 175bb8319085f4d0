"""What an operator reads under latency_us."""

from ccore.daemon.reactions import NEWEST, Reactions
from ccore.model import AppDone, LegHungUp, LegParked, Ring


def parked(leg: str) -> LegParked:
    return LegParked(leg, 0, "4001", "138", "", "ccore-inbound", False)


def ring(contact: str, agent: str) -> Ring:
    return Ring("leg", "job", "user/1", 15, "", "", {"contact": contact, "agent": agent})


def hung_up(agent: str) -> LegHungUp:
    return LegHungUp("leg", 0, "NORMAL_CLEARING", True, {"agent": agent})


def test_nothing_has_happened_yet() -> None:
    nothing = {"p50": None, "p99": None, "n": 0}
    assert Reactions().figures() == {"park_to_offer": nothing, "free_to_offer": nothing}


def test_a_caller_who_finds_a_free_agent_counts_from_his_bytes_to_the_offers() -> None:
    reactions = Reactions()
    reactions.handled(parked("caller"), 1_000)
    reactions.wrote([ring("caller", "1001")], 1_700)
    assert reactions.figures()["park_to_offer"] == {"p50": 700, "p99": 700, "n": 1}
    assert reactions.figures()["free_to_offer"]["n"] == 0


def test_an_agent_who_hangs_up_while_somebody_waits_counts_until_his_next_offer() -> None:
    reactions = Reactions()
    reactions.handled(AppDone("other", 0, "", ""), 900)
    reactions.handled(hung_up("1001"), 1_000)
    reactions.wrote([ring("waiting", "1001")], 1_300)
    assert reactions.figures()["free_to_offer"] == {"p50": 300, "p99": 300, "n": 1}


def test_waiting_for_an_agent_is_not_waiting_for_us() -> None:
    reactions = Reactions()
    reactions.handled(parked("caller"), 1_000)
    reactions.turn_over()
    reactions.wrote([ring("caller", "1001")], 60_000_000)
    assert reactions.figures()["park_to_offer"]["n"] == 0


def test_the_newest_are_told_and_all_are_counted() -> None:
    reactions = Reactions()
    for took_us in [50_000] * 10 + [100] * NEWEST:
        reactions.handled(parked("caller"), 0)
        reactions.wrote([ring("caller", "1001")], took_us)
        reactions.turn_over()
    assert reactions.figures()["park_to_offer"] == {"p50": 100, "p99": 100, "n": NEWEST + 10}
