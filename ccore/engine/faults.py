"""What the engine refuses, and how it says so; the engine and its plain twin share the words."""

__all__ = [
    "CLOCKS",
    "HEAVIEST",
    "HIGHEST_LEVEL",
    "MILLION",
    "MOST_AGENTS",
    "MOST_CONTACTS",
    "RouterError",
    "UnknownId",
    "WrongState",
    "agent_is_reserved",
    "bad_agent",
    "bad_clock",
    "call_is_here",
    "call_is_reserved",
    "call_not_reserved",
    "millionths",
    "no_agent",
    "no_call",
    "no_need",
    "number",
    "reserved_call_gone",
]

MOST_AGENTS = 1 << 24  # ids are indexes; a wild one must not eat the memory
MOST_NUMBERS = 1 << 31  # of skills, sites, teams, groups, queues and channels
HIGHEST_LEVEL = 10
MOST_CONTACTS = 10  # at once in a channel
MILLION = 1_000_000  # weights count in millionths
HEAVIEST = 1_000_000  # weight of a call
HEAVIEST_SHARE = 1_000  # weight of a queue, an agent, a preferred skill
# Microseconds since 1970, or of any clock: 285 years either side, and a score stays exact in 128
# bits: 54 of a wait, 40 of a call's weight, 30 of a queue's.
CLOCKS = 1 << 53


class RouterError(ValueError):
    """The engine was told something that cannot be."""


class UnknownId(RouterError, LookupError):
    """An agent, call or need that the engine was not told of."""


class WrongState(RouterError):
    """Known, but not in a state that allows this."""


def number(what: str, value: int, least: int = 0, most: int = MOST_NUMBERS - 1) -> int:
    if not least <= value <= most:
        raise RouterError(f"{what}: {value}, expected {least} to {most}")
    return value


def millionths(what: str, weight: float, most: int = HEAVIEST_SHARE) -> int:
    """A weight that is more than nothing."""
    if not 0 < weight <= most or not round(weight * MILLION):
        raise RouterError(f"{what}: weight {weight}, expected more than 0, at most {most}")
    return round(weight * MILLION)


def bad_agent(agent: int) -> RouterError:
    return RouterError(f"agent {agent}: expected an id from 0 to {MOST_AGENTS - 1}")


def bad_clock(what: str, clock_us: int) -> RouterError:
    return RouterError(f"{what}: {clock_us}, expected microseconds within {CLOCKS} of 0")


def no_agent(agent: int) -> UnknownId:
    return UnknownId(f"agent {agent} is not known; set_agent first")


def no_need(need: int) -> UnknownId:
    return UnknownId(f"need {need} is not known; get one from Router.need")


def no_call(call: int) -> UnknownId:
    return UnknownId(f"call {call} is not known; call_waiting first")


def agent_is_reserved(agent: int) -> WrongState:
    return WrongState(f"agent {agent} is reserved; confirm or release his call first")


def call_is_here(call: int) -> WrongState:
    return WrongState(f"call {call} is here already; widen, release or end it first")


def call_is_reserved(call: int) -> WrongState:
    return WrongState(f"call {call} is reserved already; confirm or release it first")


def call_not_reserved(call: int) -> WrongState:
    return WrongState(f"call {call} is not reserved; offer it first")


def reserved_call_gone(call: int) -> WrongState:
    return WrongState(f"call {call} is reserved; release it with requeue=False")
