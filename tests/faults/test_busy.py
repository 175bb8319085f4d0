"""A switch that is behind with what it was told gets no new offers; nobody loses his place."""

from ccore.floor.contact import CallState
from ccore.model import LinkBusy, LinkFree
from tests.book.center import config_of
from tests.book.scenario import read
from tests.book.virtual import NODE, VirtualWorld

SECOND_US = 1_000_000


def test_offers_wait_until_the_switch_has_caught_up() -> None:
    scenario = read("answered-and-the-caller-hangs-up")
    world = VirtualWorld(scenario, config_of(scenario))
    world.floor.handle(NODE, LinkBusy(world.now_us()), world.now_us())
    for number in (1, 2):
        world.act(f"caller:{number}", "call", called="4001", calling=f"1380000000{number}", name="")
        pass_time(world, 2)
    states = [contact.state for contact in world.floor.contacts.values()]
    assert states == [CallState.WAITING, CallState.WAITING]
    world.floor.handle(NODE, LinkFree(world.now_us()), world.now_us())
    world._settle()
    first, second = sorted(world.floor.contacts.values(), key=lambda contact: contact.arrived_us)
    assert (first.state, second.state) == (CallState.RINGING, CallState.WAITING)


def pass_time(world: VirtualWorld, seconds: int) -> None:
    end_us = world.now_us() + seconds * SECOND_US
    while world.now_us() < end_us:
        world.wait(end_us)
