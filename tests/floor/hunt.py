"""Random traffic on a random centre: `python -m tests.floor.hunt --seeds 2000`.

A seed is a whole story: the same one ends the same way. What it breaks is printed with it.
"""

import argparse
import signal
import sys
import traceback
from collections.abc import Callable
from random import Random

from tests.floor.random_centre import AGENTS, CALLING, DIALLED, SITES, random_config
from tests.floor.world import Centre

__all__ = ["hunt"]

STEPS = 120
CALLERS = 25
# Long enough for everything that ends by itself: a vanished caller's media time-out is 60 s.
AFTERWARDS_US = 200_000_000


class Traffic:
    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.config = random_config(self.rng)
        self.world = Centre(self.config, seed)
        self.callers: list[str] = []
        self.agenda: list[tuple[int, Callable[[], None]]] = []
        self.deeds: list[str] = []
        self.with_cuts = self.rng.random() < 0.4
        self.with_reloads = self.rng.random() < 0.4
        self.deaf = self.rng.random() < 0.2  # phones that never answer by themselves
        for id_ in AGENTS:
            if self.rng.random() < 0.85:
                self.do(f"agent:{id_}", "register")

    def do(self, phone: str, action: str, **args: str) -> None:
        self.deeds.append(f"{self.world.now_us() % 10**9 / 1e6:.3f} {phone} {action} {args or ''}")
        self.world.act(phone, action, **args)

    def later(self, after_us: int, act: Callable[[], None]) -> None:
        self.agenda.append((self.world.now_us() + after_us, act))
        self.agenda.sort(key=lambda item: item[0])

    def pause_us(self) -> int:
        """Often none at all: things of the same instant are what breaks."""
        rng = self.rng
        return rng.choice(
            [0, 0, 1, 1_000, 20_000, rng.randint(1, 60_000), rng.randint(1, 3_000_000)]
        )

    def run(self) -> None:
        for _ in range(STEPS):
            self.step()
            self.wait(self.pause_us())
        self.clear()

    def wait(self, us: int) -> None:
        until_us = self.world.now_us() + us
        while True:
            while self.agenda and self.agenda[0][0] <= self.world.now_us():
                self.agenda.pop(0)[1]()
            due_us = min(until_us, self.agenda[0][0]) if self.agenda else until_us
            for happening in self.world.wait(due_us):
                self.notice(happening.phone, happening.what)
            if self.world.now_us() >= until_us:
                return

    def notice(self, phone: str, what: str) -> None:
        rng = self.rng
        if what == "ringing" and not self.deaf and phone.startswith("agent:"):
            action = rng.choice(["answer"] * 6 + ["busy", "refuse", "ignore"])
            after_us = rng.choice([0, 300_000, rng.randint(0, 4_500_000)])
            self.later(after_us, lambda: self.do(phone, action))

    # One thing that somebody does.

    def step(self) -> None:
        rng = self.rng
        kind = rng.choices(
            ["call", "caller", "agent", "dial", "order", "renew", "reload", "cut"],
            [14, 18, 22, 6, 22, 1, 3 * self.with_reloads, 4 * self.with_cuts],
        )[0]
        getattr(self, f"step_{kind}")()

    def step_call(self) -> None:
        if len(self.callers) >= CALLERS:
            return
        phone = f"caller:{len(self.callers) + 1}"
        self.callers.append(phone)
        called, calling = self.rng.choice(DIALLED), self.rng.choice(CALLING)
        self.do(phone, "call", called=called, calling=calling, name="Wer")

    def step_caller(self) -> None:
        if self.callers:
            rng = self.rng
            phone = rng.choice(self.callers[-6:])
            action = rng.choice(["digits"] * 4 + ["hangup"] * 3 + ["vanish", "hold", "unhold"])
            args = {"text": rng.choice("1234599999#*") * rng.choice([1, 1, 1, 3])}
            self.do(phone, action, **(args if action == "digits" else {}))

    def step_agent(self) -> None:
        rng = self.rng
        phone = f"agent:{rng.choice(AGENTS)}"
        choices = ["answer"] * 6 + ["hangup"] * 5 + ["hold", "unhold"] * 3 + ["refer"] * 3
        action = rng.choice([*choices, "busy", "refuse", "unregister", "register", "register"])
        args = {"number": rng.choice([*DIALLED, *AGENTS])} if action == "refer" else {}
        self.do(phone, action, **args)

    def step_dial(self) -> None:
        codes = ("*11", "*12", "*13", "*14", "*142", "*149", "*15", "5551234", "77")
        self.do(f"agent:{self.rng.choice(AGENTS)}", "dial", number=self.rng.choice(codes))

    def step_order(self) -> None:
        rng = self.rng
        contacts = list(self.world.floor.contacts)
        verb = rng.choice(list(self.world.floor.orders.verbs))
        request: dict[str, object] = {"do": verb}
        if verb.startswith("agent."):
            request["agent"] = rng.choice(AGENTS)
            request |= rng.choice([{}, {"end": True}, {"extend_s": 2}, {"reason": "lunch"}])
        elif verb.startswith("site."):
            request["site"] = rng.choice(SITES)
        elif contacts:
            request["contact"] = rng.choice(contacts)
            to = ["queue:sales", "queue:service", "ivr:main", "voicemail:general", "agent:1001"]
            request["to"] = rng.choice([*to, "agent:1002", "nowhere"])
        else:
            return
        self.deeds.append(f"{self.world.now_us() % 10**9 / 1e6:.3f} order {request}")
        self.world.order(request)

    def step_reload(self) -> None:
        self.deeds.append(f"{self.world.now_us() % 10**9 / 1e6:.3f} reload")
        self.world.reload(random_config(self.rng))

    def step_renew(self) -> None:
        self.deeds.append(f"{self.world.now_us() % 10**9 / 1e6:.3f} renew")
        self.world.renew()

    def step_cut(self) -> None:
        rng = self.rng
        if not self.world.is_cut:
            self.deeds.append(f"{self.world.now_us() % 10**9 / 1e6:.3f} cut")
            self.world.cut()
            self.later(rng.choice([0, 1_000, 200_000, rng.randint(0, 40_000_000)]), self.mend)

    def mend(self) -> None:
        if self.world.is_cut:
            self.deeds.append(f"{self.world.now_us() % 10**9 / 1e6:.3f} mend")
            self.world.mend()

    # Closing time.

    def clear(self) -> None:
        self.deeds.append("closing time")
        self.wait(5_000_000)
        self.agenda.clear()
        self.mend()
        self.wait(self.pause_us())
        for phone in self.callers:
            self.do(phone, "hangup")
        for id_ in AGENTS:
            self.do(f"agent:{id_}", "hangup", line="out")
        self.do("outside:5551234", "hangup")  # whom an agent may have sent into a queue
        self.wait(AFTERWARDS_US)
        for id_ in self.world.floor.agents.by_id:
            self.world.order({"do": "agent.sign_out", "agent": id_})
        self.wait(5_000_000)
        self.world.check()
        self.world.end()
        self.world.check_empty()


def hunt(seed: int) -> Traffic:
    """Raises whatever breaks, with the seed in a note."""
    traffic = None
    try:
        traffic = Traffic(seed)
        traffic.run()
    except Exception as error:
        error.add_note(f"seed {seed}: python -m tests.floor.hunt --start {seed} --seeds 1")
        if traffic is not None:
            error.add_note("\n".join(traffic.deeds[-25:]))
        raise
    return traffic


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError("a story without end")


def main() -> int:
    parser = argparse.ArgumentParser(description="Break the floor by random traffic.")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--keep-going", action="store_true", help="count, do not stop at the first")
    parser.add_argument("--limit-s", type=int, default=20, help="longest time for one seed")
    args = parser.parse_args()
    broken: dict[str, list[int]] = {}
    signal.signal(signal.SIGALRM, _too_long)
    for seed in range(args.start, args.start + args.seeds):
        signal.alarm(args.limit_s)
        try:
            hunt(seed)
        except Exception as error:
            if not args.keep_going:
                traceback.print_exc()
                return 1
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
            inner = [f.name for f in traceback.extract_tb(error.__traceback__)][-4:]
            place += " " + "<".join(reversed(inner))
            what = f"{type(error).__name__} {place} {str(error)[:90]!r}"
            broken.setdefault(what, []).append(seed)
    for what, seeds in sorted(broken.items(), key=lambda item: -len(item[1])):
        print(f"{len(seeds):5} {what}: seeds {seeds[:6]}")
    print(f"{args.seeds} seeds, {sum(map(len, broken.values()))} broken")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
