"""Any bytes, and any order of phones' doings, leave the simulated switch standing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.sim.pace import EXACT, REAL
from ccore.sim.phones import ACTIONS
from ccore.sim.switch import SimSwitch
from tests.sim.client import START_US, Client
from tests.sim.replay import frames

LEGS = st.sampled_from(["LEG", "agent-leg", "nobody", ""])
WORDS = st.sampled_from(
    [
        "start",
        "stop",
        "all",
        "off",
        "park",
        "inline",
        "XML",
        "fallback",
        "ccore-fallback",
        "/a.wav",
        "+3",
        "a=1;b=2",
        "json",
        "as",
        "4000",
        "channels",
        "registrations",
        "NORMAL_CLEARING",
        "&park()",
        "user/1001@agents",
        "sofia/gateway/t/5551234",
        "{origination_uuid=agent-leg,originate_timeout=2}user/1001@agents",
        "-both",
        "${uuid}",
        "%",
    ]
)
VERBS = st.sampled_from(
    [
        "api",
        "bgapi",
        "sendmsg",
        "event",
        "nixevent",
        "filter",
        "noevents",
        "auth",
        "exit",
        "nosuch",
        "linger",
    ]
)
APIS = st.sampled_from(
    [
        "uuid_kill",
        "uuid_bridge",
        "uuid_break",
        "uuid_record",
        "uuid_setvar",
        "uuid_setvar_multi",
        "uuid_getvar",
        "uuid_exists",
        "uuid_dump",
        "uuid_transfer",
        "uuid_hold",
        "uuid_answer",
        "uuid_broadcast",
        "sched_transfer",
        "sched_del",
        "show",
        "status",
        "version",
        "global_getvar",
        "global_setvar",
        "module_exists",
        "originate",
    ]
)
APPS = st.sampled_from(
    [
        "answer",
        "playback",
        "endless_playback",
        "record",
        "park",
        "set",
        "multiset",
        "sleep",
        "bridge",
        "transfer",
        "hangup",
        "sched_transfer",
        "nosuchapp",
    ]
)
COMMANDS = st.one_of(
    st.builds("api {} {} {} {}".format, APIS, LEGS, WORDS, LEGS),
    st.builds("bgapi {} {} {}".format, APIS, WORDS, WORDS),
    st.builds(
        (
            "sendmsg {}\ncall-command: execute\nexecute-app-name: {}\n"
            "execute-app-arg: {}\nloops: {}"
        ).format,
        LEGS,
        APPS,
        WORDS,
        st.integers(-2, 3),
    ),
    st.builds("{} {} {}".format, VERBS, WORDS, WORDS),
)


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes(chunks: list[bytes]) -> None:
    switch = SimSwitch(password="", now_us=START_US)
    switch.connect(1, START_US)
    switch.receive(1, b"auth \n\n", START_US)
    for place, chunk in enumerate(chunks):
        switch.receive(1, chunk, START_US + place)
        switch.receive(1, b"Content-Length: " + chunk + b"\n\n", START_US + place)
    assert all(frame for _, data in switch.take_output() for frame in frames(data))


PHONES = st.sampled_from(["caller:1", "caller:2", "agent:1001", "outside:5551234"])
NUMBERS = st.sampled_from(["4000", "*11", "5551234", "x"])


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            COMMANDS,
            st.tuples(PHONES, st.sampled_from(ACTIONS), NUMBERS),
            st.floats(0.001, 8),
        ),
        max_size=40,
    ),
    exact=st.booleans(),
)
def test_any_orders_and_doings(steps: list[object], exact: bool) -> None:
    client = Client(pace=EXACT if exact else REAL)
    client.act("agent:1001", "register")
    client.act("caller:1", "call", called="4000", calling="1", uuid="LEG")
    for step in steps:
        if isinstance(step, str):
            if not client.switch.closed():
                client.send(step)
        elif isinstance(step, tuple):
            client.act(step[0], step[1], **_arguments(step[1], step[2]))
        else:
            client.wait(float(step))  # type: ignore[arg-type]
    for name in ("caller:1", "caller:2", "agent:1001", "outside:5551234"):
        client.act(name, "hangup")
    for leg in list(client.switch.core.legs):
        if not client.switch.closed():
            client.send(f"api uuid_kill {leg}")
    client.wait(70)
    if not client.switch.closed():
        assert client.switch.legs == 0
    ended = [e["Unique-ID"] for e in client.heard("CHANNEL_HANGUP_COMPLETE")]
    assert len(ended) == len(set(ended)) or "agent-leg" in ended


def _arguments(action: str, number: str) -> dict[str, object]:
    return {
        "digits": {"text": "1*#"},
        "speak": {"ms": 100},
        "refer": {"number": number},
        "dial": {"number": number},
        "call": {"called": number},
    }.get(action, {})
