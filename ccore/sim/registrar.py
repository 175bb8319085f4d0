"""Who is registered at the switch, and the events that tell of it."""

from dataclasses import dataclass

from ccore.sim.core import Core
from ccore.sim.wire import encode

__all__ = ["Registrar", "Registration"]

REGISTERED_S = 3600
AGENT = "Simulated phone"


@dataclass(slots=True)
class Registration:
    user: str
    call_id: str
    expires_us: int


class Registrar:
    """`directory` None: every user is known."""

    def __init__(self, core: Core, domain: str, directory: frozenset[str] | None) -> None:
        self.core = core
        self.domain = domain
        self.directory = directory
        self.entries: dict[str, Registration] = {}

    def knows(self, user: str) -> bool:
        return self.directory is None or user in self.directory

    def register(self, user: str) -> None:
        if not self.knows(user):
            return
        expires_us = self.core.now_us + REGISTERED_S * 1_000_000
        known = self.entries.get(user)
        call_id = known.call_id if known else self.core.uuid()
        self.entries[user] = Registration(user, call_id, expires_us)
        self._tell("sofia::register", self.entries[user], REGISTERED_S)

    def unregister(self, user: str, expired: bool = False) -> None:
        entry = self.entries.pop(user, None)
        if entry is not None:
            self._tell("sofia::expire" if expired else "sofia::unregister", entry, 0)

    def rows(self) -> list[dict[str, str]]:
        return [
            {
                "reg_user": entry.user,
                "realm": self.domain,
                "token": entry.call_id,
                "url": f"sofia/agents/sip:{entry.user}@127.0.0.1:5080;transport=udp",
                "expires": str(entry.expires_us // 1_000_000),
                "network_ip": "127.0.0.1",
                "network_port": "5080",
                "network_proto": "udp",
                "hostname": self.core.hostname,
                "metadata": "",
            }
            for entry in self.entries.values()
        ]

    def _tell(self, subclass: str, entry: Registration, expires_s: int) -> None:
        pairs = {
            "profile-name": "agents",
            "from-user": entry.user,
            "from-host": self.domain,
            "contact": f'"" <sip:{entry.user}@127.0.0.1:5080;transport=udp>',
            "call-id": entry.call_id,
            "rpid": "unknown",
            "status": "Registered(UDP)",
            "expires": str(expires_s),
            "to-user": entry.user,
            "to-host": self.domain,
            "network-ip": "127.0.0.1",
            "network-port": "5080",
            "username": entry.user,
            "realm": self.domain,
            "user-agent": AGENT,
        }
        lines = b"".join(b"%b: %b\n" % (name.encode(), encode(v)) for name, v in pairs.items())
        self.core.announce("CUSTOM", lines, subclass)
