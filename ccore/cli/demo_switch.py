"""The demo's other half: a simulated switch with callers and agents, as a process of its own.

    python -m ccore.cli.demo_switch CONFIG PASSWORD RATE SEED DIR

Prints its port and obeys the lines on its stdin: a number lets callers dial for so many seconds,
"close" brings talks to their end while callers who wait are still served, "end" hangs up whoever is
left. The end of stdin ends the process, so that it cannot outlive who started it.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ccore.config import Config, load
from ccore.config.schema import GoTo, Menu, SetLanguage

if TYPE_CHECKING:
    from ccore.sim.population import Habits, Population
    from ccore.sim.server import SimServer

__all__ = ["languages_of", "menus_of", "numbers_of"]

# A call of the demo is short, so that a minute sees a hundred of them.
TALK_MEDIAN_S = 11.0
PATIENCE_S = 35.0
# Of those who hear a menu, so many more choose a queue than anything else.
QUEUE_WEIGHT = 4
# At closing time: so often whoever talks says goodbye.
GOODBYE_S = 1.0


def main(arguments: Sequence[str]) -> None:
    import gevent

    from ccore.sim.population import Population
    from ccore.sim.server import SimServer, now_us
    from ccore.sim.switch import SimSwitch

    file, password, rate, seed, directory = arguments
    config = load(Path(file))
    switch = SimSwitch(
        password=password, seed=int(seed), now_us=now_us(), directory=list(config.agents)
    )
    server = SimServer(switch, files_under=Path(directory))
    print(server.start(), flush=True)
    for agent in config.agents:
        server.act(f"agent:{agent}", "register")
    callers: Population | None = None
    while (told := _told()) and told != "end":
        if callers is None:
            callers = Population(
                _habits(config, float(rate)), config.agents, seed=int(seed), now_us=now_us()
            )
            server.population = callers
            # Acting wakes the server, which has a new deadline.
            server.act(f"agent:{next(iter(config.agents))}", "register")
            gevent.spawn_later(float(told), callers.stop_arrivals)
        else:
            gevent.spawn(_close, server, callers)
    if callers is not None:
        callers.stop_arrivals()
        _hang_up(server, callers.on_the_line())
        _told()
    server.stop()
    gevent.sleep(0)  # what it said last goes out


def _habits(config: Config, rate_per_s: float) -> "Habits":
    from ccore.sim.population import Habits

    return Habits(
        rate_per_s=rate_per_s,
        called=numbers_of(config),
        languages=languages_of(config),
        menus=menus_of(config),
        talk_median_s=TALK_MEDIAN_S,
        patience_s=PATIENCE_S,
        answer_after_s=(0.5, 3.0),
        refuses=0.05,
        forgets=0.05,
        codes_at_start=(),
    )


def _close(server: "SimServer", callers: "Population") -> None:
    import gevent

    callers.stop_arrivals()
    while True:
        _hang_up(server, callers.on_the_line(talking=True))
        gevent.sleep(GOODBYE_S)


def _hang_up(server: "SimServer", phones: Sequence[str]) -> None:
    for phone in phones:
        server.act(phone, "hangup")


def _told() -> str:
    """The next line; "" when stdin has ended."""
    from gevent.socket import wait_read

    line = ""
    while not line.endswith("\n"):
        wait_read(0)
        if not (character := os.read(0, 1).decode()):
            return ""
        line += character
    return line.strip()


def numbers_of(config: Config) -> Mapping[str, float]:
    """The dialled numbers; the first is the main number and has most of the calls."""
    numbers = [entry.number for entry in config.entries if not entry.number.endswith("*")]
    return {number: 8.0 if place == 0 else 0.5**place for place, number in enumerate(numbers)}


def languages_of(config: Config) -> Mapping[str, float]:
    return {name: 0.6**place for place, name in enumerate(config.site.languages)}


def menus_of(config: Config) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """What callers press at each menu: their language where it is asked for, else what leads on."""
    menus: dict[str, dict[str, Sequence[str]]] = {}
    for steps in config.flows.values():
        for menu in steps.values():
            if not isinstance(menu, Menu):
                continue
            spoken: dict[str, Sequence[str]] = {}
            others: list[str] = []
            for digit, name in menu.options.items():
                step = steps[name]
                if isinstance(step, SetLanguage):
                    spoken[step.language] = [digit]
                elif not isinstance(step, Menu):
                    others += [digit] * (QUEUE_WEIGHT if isinstance(step, GoTo) else 1)
            menus[menu.prompt] = {**spoken, "": others}
    return menus


if __name__ == "__main__":
    main(sys.argv[1:])
