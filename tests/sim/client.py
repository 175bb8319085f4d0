"""A client of the simulated switch in virtual time: sends lines, keeps what came back."""

from dataclasses import dataclass, field

from ccore.sim.pace import EXACT, Pace
from ccore.sim.switch import SimSwitch
from tests.sim.replay import event, frames

START_US = 1_790_000_000_000_000
NAMES = (
    "CHANNEL_PARK CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP_COMPLETE "
    "CHANNEL_EXECUTE_COMPLETE CHANNEL_HOLD CHANNEL_UNHOLD DTMF RECORD_START RECORD_STOP "
    "BACKGROUND_JOB HEARTBEAT SHUTDOWN CUSTOM sofia::register sofia::unregister sofia::expire"
)


@dataclass
class Heard:
    at_us: int
    headers: dict[str, str]
    body: str

    @property
    def name(self) -> str:
        return self.headers["Event-Name"]

    def __getitem__(self, header: str) -> str:
        return self.headers.get(header, "")


@dataclass
class Client:
    pace: Pace = EXACT
    options: dict[str, object] = field(default_factory=dict)
    now_us: int = START_US
    events: list[Heard] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    happenings: list[tuple[int, str, str, str]] = field(default_factory=list)
    files: list[tuple[str, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.switch = SimSwitch(
            password="pear",
            now_us=self.now_us,
            pace=self.pace,
            **self.options,  # type: ignore[arg-type]
        )
        self.switch.connect(1, self.now_us)
        self.send("auth pear", f"event plain {NAMES}")

    def send(self, *commands: str) -> str:
        """The last reply. Commands are put on the wire in one write."""
        data = "".join(f"{command}\n\n" for command in commands)
        self.switch.receive(1, data.encode("utf-8", "surrogateescape"), self.now_us)
        self._listen()
        return self.replies[-1]

    def run_app(self, leg: str, app: str, arg: str = "", **headers: object) -> str:
        lines = [f"sendmsg {leg}", "call-command: execute", f"execute-app-name: {app}"]
        lines += [f"execute-app-arg: {arg}"] if arg else []
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return self.send("\n".join(lines))

    def act(self, phone: str, action: str, **args: object) -> None:
        self.switch.act(phone, action, self.now_us, **args)
        self.wait(0)

    def wait(self, seconds: float) -> list[Heard]:
        """Let time pass; the events that came meanwhile."""
        before = len(self.events)
        until_us = self.now_us + round(seconds * 1_000_000)
        while (due_us := self.switch.next_deadline()) is not None and due_us <= until_us:
            self.now_us = max(self.now_us, due_us)
            self.switch.on_deadline(due_us)
            self._listen()
        self.now_us = until_us
        self.switch.on_deadline(until_us)
        self._listen()
        return self.events[before:]

    def call(self, phone: str = "caller:1", called: str = "4000", **args: object) -> str:
        """A caller comes in; the answer is his leg."""
        before = len(self.events)
        self.act(phone, "call", called=called, **{"calling": "13800138000", "name": "Li", **args})
        self.wait(0.1)
        return next(e["Unique-ID"] for e in self.events[before:] if e.name == "CHANNEL_PARK")

    def answered_call(self, phone: str = "caller:1") -> str:
        leg = self.call(phone)
        self.run_app(leg, "answer")
        self.send(f"api sched_del {leg}")
        self.wait(0.1)
        return leg

    def ring(self, agent: str, leg: str = "agent-leg", timeout_s: int = 20, more: str = "") -> None:
        self.send(
            f"bgapi originate {{origination_uuid={leg},originate_timeout={timeout_s}{more}}}"
            f"user/{agent}@agents &park()\nJob-UUID: job-{leg}"
        )
        self.wait(0.1)

    def talk(self, agent: str = "1001") -> tuple[str, str]:
        """A caller and an agent in a bridge."""
        self.act(f"agent:{agent}", "register")
        caller = self.answered_call()
        self.ring(agent)
        self.act(f"agent:{agent}", "answer")
        self.wait(0.1)
        self.send(f"api uuid_bridge {caller} agent-leg")
        self.wait(0.1)
        return caller, "agent-leg"

    def heard(self, name: str, leg: str = "") -> list[Heard]:
        return [
            each
            for each in self.events
            if each.name == name and (not leg or each["Unique-ID"] == leg)
        ]

    def _listen(self) -> None:
        for _, data in self.switch.take_output():
            for _, head, body in frames(data):
                kind = head["Content-Type"]
                if kind == "text/event-plain":
                    headers, inner = event(body)
                    self.events.append(Heard(self.now_us, headers, inner))
                elif kind == "api/response":
                    self.replies.append(body.decode("utf-8", "surrogateescape"))
                else:
                    self.replies.append(head.get("Reply-Text", kind))
        self.happenings += self.switch.take_happenings()
        self.files += self.switch.take_files()
