"""Callers and agents with habits, for the demo and for benches. Pure and seeded.

Callers come as a Poisson stream, press a digit when they hear a menu, lose patience while nobody
talks to them, and hang up. Agents answer after a moment, refuse, are busy, or forget the phone.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from random import Random

__all__ = ["Action", "Habits", "Population"]


ALWAYS = -1  # a plan that nothing undoes


@dataclass(frozen=True, slots=True)
class Habits:
    rate_per_s: float = 0.5  # callers arriving, mean
    callers: int | None = None  # no more than this many; None: no end
    called: Mapping[str, float] = field(default_factory=lambda: {"4000": 1.0})  # number -> weight
    languages: Mapping[str, float] = field(
        default_factory=lambda: {"zh": 0.5, "yue": 0.3, "en": 0.2}
    )
    # A part of a prompt's file name -> what callers press then, by language ("" for any other).
    # Several digits: one of them, by chance. A menu without an entry is left to its time-out.
    menus: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    press_after_s: tuple[float, float] = (0.8, 2.5)  # from hearing the menu to pressing
    wrong_digit: float = 0.03  # share of presses that go wrong
    patience_s: float = 60.0  # mean of an exponential, counted while nobody talks to the caller
    talk_median_s: float = 20.0  # lognormal
    talk_sigma: float = 0.6  # of the logarithm
    agent_hangs_up: float = 0.3  # share of talks that the agent ends
    answer_after_s: tuple[float, float] = (0.5, 4.0)  # how long an agent lets it ring
    refuses: float = 0.02  # shares of offers
    busy: float = 0.01
    forgets: float = 0.02
    holds: float = 0.05  # shares of talks
    hold_s: tuple[float, float] = (2.0, 8.0)
    transfers: float = 0.0
    transfer_to: Sequence[str] = ()  # internal numbers of queues
    codes_at_start: Sequence[str] = ("*11", "*13")  # what an agent dials in the morning
    between_codes_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Action:
    """For `SimSwitch.act`."""

    phone: str
    name: str
    args: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class _Caller:
    language: str
    talking: bool = False
    plans: int = 0  # raised when what was planned no longer holds


class Population:
    def __init__(self, habits: Habits, agents: Iterable[str], *, seed: int, now_us: int) -> None:
        self.habits = habits
        self.agents = tuple(agents)
        self.arrived = 0
        self._random = Random(seed)
        self._callers: dict[str, _Caller] = {}
        self._agent_plans = {f"agent:{agent}": 0 for agent in self.agents}
        self._heap: list[tuple[int, int, int, Action]] = []  # at, order, plan, what
        self._order = 0
        for place, agent in enumerate(self.agents):
            self._morning(f"agent:{agent}", now_us + place * 10_000)
        self._next_arrival_us: int | None = self._arrival_after(now_us)

    @property
    def callers(self) -> int:
        """Callers on the line."""
        return len(self._callers)

    def on_the_line(self, *, talking: bool = False) -> list[str]:
        """Their phones; on request of those alone who talk with somebody."""
        return [phone for phone, caller in self._callers.items() if caller.talking or not talking]

    def stop_arrivals(self) -> None:
        self._next_arrival_us = None

    def next_deadline(self) -> int | None:
        times = [self._heap[0][0]] if self._heap else []
        if self._next_arrival_us is not None:
            times.append(self._next_arrival_us)
        return min(times, default=None)

    def on_deadline(self, now_us: int) -> list[Action]:
        actions = []
        while self._heap and self._heap[0][0] <= now_us:
            _, _, plan, action = heapq.heappop(self._heap)
            if plan in (ALWAYS, self._plan(action.phone)):
                actions.append(action)
        while self._next_arrival_us is not None and self._next_arrival_us <= now_us:
            actions.append(self._arrive(self._next_arrival_us))
        return actions

    def react(self, happenings: Iterable[tuple[int, str, str, str]]) -> list[Action]:
        """What they see and hear changes what they will do; some of it they do at once."""
        actions: list[Action] = []
        for at_us, phone, what, detail in happenings:
            if phone in self._callers:
                self._caller_sees(phone, self._callers[phone], at_us, what, detail)
            elif phone in self._agent_plans:
                actions += self._agent_sees(phone, at_us, what)
        return actions

    def _caller_sees(self, phone: str, caller: _Caller, at_us: int, what: str, detail: str) -> None:
        if what == "prompt" and not caller.talking:
            self._hear(phone, caller, at_us, detail)
        elif what == "bridged":
            caller.talking = True
            caller.plans += 1
            self._talk(phone, detail, at_us)
        elif what == "unbridged":
            caller.talking = False
            caller.plans += 1
            self._lose_patience(phone, at_us)
        elif what == "hungup":
            del self._callers[phone]

    def _agent_sees(self, phone: str, at_us: int, what: str) -> list[Action]:
        habits, chance = self.habits, self._random.random()
        if what == "hungup":
            self._agent_plans[phone] += 1
        if what != "ringing":
            return []
        self._agent_plans[phone] += 1
        if chance < habits.refuses:
            return [Action(phone, "refuse")]
        if chance < habits.refuses + habits.busy:
            return [Action(phone, "busy")]
        if chance >= habits.refuses + habits.busy + habits.forgets:
            self._later(
                at_us, self._random.uniform(*habits.answer_after_s), Action(phone, "answer")
            )
        return []

    def _hear(self, phone: str, caller: _Caller, at_us: int, prompt: str) -> None:
        for part, by_language in self.habits.menus.items():
            if part not in prompt:
                continue
            digits = by_language.get(caller.language) or by_language.get("", ())
            if digits:
                digit = self._random.choice(digits)
                if self._random.random() < self.habits.wrong_digit:
                    digit = "9"
                after_s = self._random.uniform(*self.habits.press_after_s)
                self._later(at_us, after_s, Action(phone, "digits", {"text": digit}))
            return

    def _talk(self, caller: str, agent: str, at_us: int) -> None:
        habits, random = self.habits, self._random
        talk_s = random.lognormvariate(log(habits.talk_median_s), habits.talk_sigma)
        who = agent if random.random() < habits.agent_hangs_up else caller
        if agent not in self._agent_plans:
            who = caller
        self._later(at_us, talk_s, Action(who, "hangup"))
        if agent in self._agent_plans and random.random() < habits.holds:
            hold_s = random.uniform(*habits.hold_s)
            self._later(at_us, talk_s / 3, Action(agent, "hold"))
            self._later(at_us, min(talk_s / 3 + hold_s, talk_s), Action(agent, "unhold"))
        if agent in self._agent_plans and habits.transfer_to and random.random() < habits.transfers:
            number = random.choice(list(habits.transfer_to))
            self._later(at_us, talk_s * 2 / 3, Action(agent, "refer", {"number": number}))

    def _lose_patience(self, phone: str, at_us: int) -> None:
        patience_s = self._random.expovariate(1 / self.habits.patience_s)
        self._later(at_us, patience_s, Action(phone, "hangup"))

    def _arrive(self, at_us: int) -> Action:
        habits, random = self.habits, self._random
        self.arrived += 1
        phone = f"caller:{self.arrived}"
        language = _pick(random, habits.languages)
        self._callers[phone] = _Caller(language)
        self._lose_patience(phone, at_us)
        last = habits.callers is not None and self.arrived >= habits.callers
        self._next_arrival_us = None if last else self._arrival_after(at_us)
        calling = f"1{random.randrange(3_000_000_000, 9_999_999_999)}"
        args = {
            "called": _pick(random, habits.called),
            "calling": calling,
            "name": _NAMES[language][self.arrived % len(_NAMES[language])]
            if language in _NAMES
            else calling,
        }
        return Action(phone, "call", args)

    def _morning(self, phone: str, at_us: int) -> None:
        self._later(at_us, 0, Action(phone, "register"))
        for place, code in enumerate(self.habits.codes_at_start, 1):
            dial = Action(phone, "dial", {"number": code})
            # The code's call may end before the next one: its hang-up must not undo the plan.
            self._later(at_us, place * self.habits.between_codes_s, dial, plan=ALWAYS)

    def _arrival_after(self, at_us: int) -> int | None:
        if self.habits.rate_per_s <= 0 or self.habits.callers == 0:
            return None
        return at_us + int(self._random.expovariate(self.habits.rate_per_s) * 1_000_000)

    def _plan(self, phone: str) -> int:
        if phone in self._agent_plans:
            return self._agent_plans[phone]
        caller = self._callers.get(phone)
        return caller.plans if caller is not None else -2

    def _later(self, at_us: int, after_s: float, action: Action, plan: int | None = None) -> None:
        self._order += 1
        known = self._plan(action.phone) if plan is None else plan
        entry = (at_us + int(after_s * 1_000_000), self._order, known, action)
        heapq.heappush(self._heap, entry)


def _pick(random: Random, weights: Mapping[str, float]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]


_NAMES = {
    "zh": ("王伟", "李娜", "张敏", "刘洋", "陈静", "赵磊"),
    "yue": ("黃家俊", "林美玲", "何志明", "梁詠詩", "周子軒"),
    "en": ("Ann Fisher", "Tom Reed", "Grace Hill", "Paul Moore", "Ruth Lane"),
}
