"""Play a capture's client and phones against the simulated switch, and line both up.

What the phones did is read from the capture itself (a call came, a digit, a hang-up), with its
times. What the switch made of it is what gets compared: per leg, for a real switch keeps the order
of events per leg only.
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from ccore.sim.switch import SimSwitch

DATA = Path(__file__).parent.parent / "data" / "esl"

# The events that ccore lives on, and the headers it reads of them.
COMPARED = {
    "CHANNEL_PARK": ("Channel-State", "Answer-State", "Caller-Destination-Number"),
    "CHANNEL_ANSWER": ("Answer-State", "Call-Direction"),
    "CHANNEL_BRIDGE": ("Other-Leg-Unique-ID", "Bridge-A-Unique-ID", "Bridge-B-Unique-ID"),
    "CHANNEL_UNBRIDGE": ("Bridge-A-Unique-ID", "Bridge-B-Unique-ID"),
    "CHANNEL_HANGUP_COMPLETE": (
        "Hangup-Cause",
        "Answer-State",
        "variable_sip_hangup_disposition",
        "variable_hangup_cause",
    ),
    "CHANNEL_EXECUTE_COMPLETE": ("Application", "Application-Data", "Application-Response"),
    "DTMF": ("DTMF-Digit",),
    "RECORD_START": ("Record-File-Path",),
    "RECORD_STOP": ("Record-File-Path",),
    "CUSTOM": ("Event-Subclass", "from-user"),
}


@dataclass
class Said:
    """One side's words: events per leg, results of commands, replies, and when each came."""

    events: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    stamps: dict[str, list[int]] = field(default_factory=dict)
    jobs: list[tuple[str, str]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def frames(data: bytes) -> Iterator[tuple[int, dict[str, str], bytes]]:
    at = 0
    while at < len(data):
        end = data.index(b"\n\n", at)
        head = dict(line.split(": ", 1) for line in data[at:end].decode().split("\n"))
        length = int(head.get("Content-Length", 0))
        yield at, head, data[end + 2 : end + 2 + length]
        at = end + 2 + length


def event(body: bytes) -> tuple[dict[str, str], str]:
    top, _, inner = body.decode("utf-8", "replace").partition("\n\n")
    headers: dict[str, str] = {}
    for line in top.split("\n"):
        name, _, value = line.partition(": ")
        headers.setdefault(name, unquote(value))
    return headers, inner


def listen(data: bytes) -> Said:
    said, roles = Said(), {"": ""}
    for _, head, body in frames(data):
        kind = head["Content-Type"]
        if kind == "text/event-plain":
            headers, inner = event(body)
            name, uuid = headers["Event-Name"], headers.get("Unique-ID", "")
            if uuid and uuid not in roles:
                roles[uuid] = f"leg {len(roles)}"
            if name == "BACKGROUND_JOB":
                said.jobs.append((headers["Job-Command"], _anonymous(inner, roles)))
            elif name in COMPARED:
                key = tuple(_anonymous(headers.get(each, ""), roles) for each in COMPARED[name])
                said.events.setdefault(roles[uuid], []).append((name, *key))
                stamp = int(headers["Event-Date-Timestamp"])
                said.stamps.setdefault(roles[uuid], []).append(stamp)
        elif kind == "api/response":
            said.replies.append(re.sub(r"(?s)UP .*", "UP", body.decode()))
        else:
            text = head.get("Reply-Text", kind) + body.decode()
            said.replies.append(re.sub(r"Job-UUID: .*", "Job-UUID: ...", text))
    # Jobs run beside each other; only what each of them says is certain.
    said.jobs.sort()
    return said


def _anonymous(text: str, roles: dict[str, str]) -> str:
    for uuid, role in roles.items():
        if uuid:
            text = text.replace(uuid, role)
    return text.removeprefix("gw+a")


@dataclass
class Capture:
    data: bytes
    orders: list[tuple[int, bytes]]  # when, in the switch's clock, and what was sent
    acts: list[tuple[int, str, str, dict[str, object]]]
    start_us: int
    end_us: int


def load(name: str) -> Capture:
    data = gzip.decompress((DATA / f"{name}.s2c.gz").read_bytes())
    rows = (DATA / f"{name}.c2s.tsv").read_text().splitlines()[1:]
    sent = []
    for row in rows:
        offset, seconds, text = row.split("\t")
        sent.append((int(offset), int(float(seconds) * 1e6), text.replace("\\n", "\n")))
    stamps = [
        (at, int(event(body)[0]["Event-Date-Timestamp"]))
        for at, head, body in frames(data)
        if head["Content-Type"] == "text/event-plain"
    ]
    base = _base(sent, stamps)
    orders = [(base + seconds_us, text.encode() + b"\n\n") for _, seconds_us, text in sent]
    acts = _acts(data)
    if stamps:  # the client had subscribed before anything happened
        for place in range(2):
            orders[place] = (min(orders[place][0], stamps[0][1] - 100_000), orders[place][1])
    last = max([at for at, _ in orders] + [stamp for _, stamp in stamps])
    first = min([at for at, _ in orders] + [act[0] for act in acts])
    return Capture(data, orders, acts, first - 200_000, last + 1_000_000)


def _base(sent: list[tuple[int, int, str]], stamps: list[tuple[int, int]]) -> int:
    """The client's second 0 in the switch's clock: no command was sent before what it had seen."""
    bases = [
        max(stamp for at, stamp in stamps if at < offset) - seconds_us
        for offset, seconds_us, _ in sent
        if stamps and offset > stamps[0][0]
    ]
    if bases:
        return max(bases) + 10_000
    return stamps[0][1] - 360_000 if stamps else 1_700_000_000_000_000


def _acts(data: bytes) -> list[tuple[int, str, str, dict[str, object]]]:
    acts: list[tuple[int, str, str, dict[str, object]]] = []
    phones: dict[str, str] = {}
    refused = {"486": "busy", "603": "refuse"}
    for _, head, body in frames(data):
        if head["Content-Type"] != "text/event-plain":
            continue
        headers, _ = event(body)
        at, name, uuid = (
            int(headers["Event-Date-Timestamp"]) - 4_000,
            headers["Event-Name"],
            headers.get("Unique-ID", ""),
        )
        number = headers.get("Caller-Destination-Number", "")
        if name == "CHANNEL_CREATE" and headers["Call-Direction"] == "inbound":
            phones[uuid] = f"caller:{len(phones)}"
            call: dict[str, object] = {
                "called": number,
                "calling": headers["Caller-Caller-ID-Number"],
                "name": headers["Caller-Caller-ID-Name"],
                "context": "public",
                "uuid": uuid,
            }
            acts.append((at, phones[uuid], "call", call))
        elif name == "CHANNEL_CREATE":
            phones[uuid] = "agent:" + number.removeprefix("gw+a")
            if number != "x":  # nobody listens there
                acts.append((at - 60_000, phones[uuid], "ignore", {}))
            if number.startswith("gw+a"):  # a registered phone, by the name of its contact
                acts.append((at - 3_000_000, phones[uuid], "register", {}))
        elif name == "CHANNEL_ANSWER" and headers["Call-Direction"] == "outbound":
            acts.append((at, phones[uuid], "answer", {}))
        elif name == "DTMF":
            acts.append((at, phones[uuid], "digits", {"text": headers["DTMF-Digit"]}))
        elif name == "CUSTOM":
            what = headers["Event-Subclass"].removeprefix("sofia::")
            phone = f"agent:{headers['from-user']}"
            if what == "unregister":
                acts.append((at - 3_000_000, phone, "register", {}))
            acts.append((at, phone, what, {}))
        elif name == "CHANNEL_HANGUP" and headers.get("variable_sip_term_status"):
            status = headers["variable_sip_term_status"]
            if status in ("200", "487"):
                acts.append((at, phones[uuid], "hangup", {}))
            elif status in refused:
                acts.append((at - 100_000, phones[uuid], refused[status], {}))
    return sorted(acts, key=lambda act: act[0])


def replay(capture: Capture) -> bytes:
    switch = SimSwitch(
        password="ClueCon",
        now_us=capture.start_us,
        domain="127.0.0.1",
        directory=("1001", "1002"),
        directories=("/srv/records",),
    )
    todo: list[tuple[int, int, object]] = []
    todo += [(at, place, data) for place, (at, data) in enumerate(capture.orders)]
    todo += [(act[0], -1000 + place, act) for place, act in enumerate(capture.acts)]
    output = b""
    switch.connect(1, capture.start_us)
    for at, _, what in sorted(todo, key=lambda each: each[:2]):
        _run(switch, at)
        if isinstance(what, bytes):
            switch.receive(1, what, at)
        elif isinstance(what, tuple):
            switch.act(what[1], what[2], at, **what[3])
    _run(switch, capture.end_us)
    for _, data in switch.take_output():
        output += data
    return output


def _run(switch: SimSwitch, until_us: int) -> None:
    while (deadline := switch.next_deadline()) is not None and deadline <= until_us:
        switch.on_deadline(deadline)
