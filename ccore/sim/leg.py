"""One channel of the simulated switch, and the header blocks that its events carry.

Blocks are kept as bytes and made anew only when something in them changed: most of an event's size
is what the far end's INVITE said, and that never changes.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ccore.sim.wire import Order, encode

if TYPE_CHECKING:
    from ccore.sim.bridge import Joint
    from ccore.sim.core import Timer

__all__ = ["STATE_NUMBERS", "Frame", "Leg", "Recording"]

STATE_NUMBERS = {
    "CS_INIT": 1,
    "CS_ROUTING": 2,
    "CS_SOFT_EXECUTE": 3,
    "CS_EXECUTE": 4,
    "CS_EXCHANGE_MEDIA": 5,
    "CS_PARK": 6,
    "CS_CONSUME_MEDIA": 7,
    "CS_HANGUP": 10,
    "CS_REPORTING": 11,
}

_CODEC = b"".join(
    b"Channel-%b-Codec-Name: PCMU\nChannel-%b-Codec-Rate: 8000\nChannel-%b-Codec-Bit-Rate: 64000\n"
    % (way, way, way)
    for way in (b"Read", b"Write")
)

# What both ends offer each other; encoded once, numbers filled in per leg.
_SDP = (
    encode(
        "v=0\r\no=FreeSWITCH SECOND SESSION IN IP4 127.0.0.1\r\ns=FreeSWITCH\r\n"
        "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio PORT RTP/AVP 0 101 13\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        "a=rtpmap:13 CN/8000\r\na=ptime:20\r\na=sendrecv\r\n"
    )
    .replace(b"%", b"%%")
    .replace(b"SECOND", b"%d")
    .replace(b"SESSION", b"%d")
    .replace(b"PORT", b"%d")
    + b"\n"
)


@dataclass(slots=True, eq=False)
class Frame:
    """One application that a channel executes; those told by a client nest in each other."""

    app: str
    data: str
    uuid: str
    sent: bool  # told by sendmsg, not by the dialplan
    inner: bool = False  # started while another sent application ran
    locks: bool = False  # event-lock: later orders wait until it is over
    loops: int = 1  # -1: for ever
    begun_us: int = 0
    timer: "Timer | None" = None
    left_us: int = -1  # what a paused playback still has to play; -1: endless
    on_end: Callable[[], None] | None = None


@dataclass(slots=True)
class Recording:
    path: str
    start_us: int
    kind: str  # call or voicemail
    masked: bool = False


@dataclass(slots=True, eq=False)
class Leg:
    uuid: str
    phone: str
    inbound: bool
    number: str  # who is at the far end: calling number inbound, dialled name outbound
    name: str  # caller id name
    caller: str  # caller id number
    dest: str
    context: str
    created_us: int  # in stamps of the switch
    session: int
    profile: str = "trunk"
    state: str = "CS_INIT"
    call_state: str = "DOWN"
    answer_state: str = "ringing"
    cause: str = ""
    answered_us: int = 0
    progress_us: int = 0
    bridged_us: int = 0
    hangup_us: int = 0
    hold_us: int = 0
    transferred: int = 0
    gone: bool = False
    held: bool = False
    moving: bool = False  # between two places: orders wait
    parked: bool = False
    broadcast: bool = False
    stop_broadcast: bool = False
    breaking: bool = False
    response: str = ""
    vars: dict[str, str] = field(default_factory=dict)
    stack: list[Frame] = field(default_factory=list)
    orders: deque[Order] = field(default_factory=deque)
    plan: list[tuple[str, str]] = field(default_factory=list)
    joint: "Joint | None" = None
    recordings: dict[str, Recording] = field(default_factory=dict)
    tasks: "list[Timer]" = field(default_factory=list)
    speaks_until_us: int = 0
    called: str = ""  # dest and context as they were at first
    entered: str = ""
    unread_digits: str = ""  # pressed while nothing reads them
    on_answer: Callable[[], None] | None = None
    on_fail: Callable[[str], None] | None = None
    other_uuid: str = ""
    _other: bytes = b""
    _lines: dict[str, bytes] = field(default_factory=dict)
    _vars_block: bytes | None = None
    _caller_block: bytes | None = None
    _invite: bytes = b""

    def __post_init__(self) -> None:
        self.called, self.entered = self.dest, self.context
        self._invite = _invite_block(self)

    @property
    def answered(self) -> bool:
        return self.answered_us > 0

    @property
    def channel_name(self) -> str:
        if self.inbound:
            return f"sofia/{self.profile}/{self.number}@127.0.0.1"
        return f"sofia/{self.profile}/{self.number}@127.0.0.1:5080"

    def set_var(self, name: str, value: str | None) -> None:
        if value is None or value == "":
            self.vars.pop(name, None)
            self._lines.pop(name, None)
        else:
            self.vars[name] = value
            self._lines[name] = b"variable_%b: %b\n" % (encode(name), encode(value))
        self._vars_block = None

    def set_vars(self, pairs: dict[str, str]) -> None:
        for name, value in pairs.items():
            self.set_var(name, value)

    def true(self, name: str) -> bool:
        return self.vars.get(name, "").lower() in ("true", "yes", "1", "on", "enabled", "t", "y")

    def touch(self) -> None:
        """Something in the caller's profile changed."""
        self._caller_block = None

    def join(self, other: "Leg", role: bytes) -> None:
        self.other_uuid = other.uuid
        self._other = b"Other-Type: %b\n" % role + other.profile_block(b"Other-Leg-")
        self.set_vars(
            {
                "bridge_channel": other.channel_name,
                "bridge_uuid": other.uuid,
                "signal_bond": other.uuid,
            }
        )

    def part(self) -> None:
        """The other leg is no longer ours; its name stays in the history variables."""
        self.set_var("signal_bond", None)

    def forget_other(self) -> None:
        self.other_uuid = ""
        self._other = b""

    def block(self, variables: bool = True) -> bytes:
        state = b"Channel-State: %b\nChannel-Call-State: %b\nChannel-State-Number: %d\n" % (
            self.state.encode(),
            self.call_state.encode(),
            STATE_NUMBERS[self.state],
        )
        way = b"inbound" if self.inbound else b"outbound"
        uuid = self.uuid.encode("utf-8", "surrogateescape")
        who = (
            b"Channel-Name: %b\nUnique-ID: %b\nCall-Direction: %b\nPresence-Call-Direction: %b\n"
            b"Channel-HIT-Dialplan: true\nChannel-Call-UUID: %b\nAnswer-State: %b\n"
            % (
                encode(self.channel_name),
                uuid,
                way,
                way,
                uuid,
                self.answer_state.encode(),
            )
        )
        cause = b"Hangup-Cause: %b\n" % self.cause.encode() if self.cause else b""
        if self._caller_block is None:
            self._caller_block = _CODEC + self.profile_block(b"Caller-")
        parts = [state, who, cause, self._caller_block, self._other]
        if variables:
            parts += (self._invite, self.vars_block())
        return b"".join(parts)

    def vars_block(self) -> bytes:
        if self._vars_block is None:
            self._vars_block = b"".join(self._lines.values())
        return self._vars_block

    def profile_block(self, prefix: bytes) -> bytes:
        times = (
            ("Profile-Created", self.created_us),
            ("Channel-Created", self.created_us),
            ("Channel-Answered", self.answered_us),
            ("Channel-Progress", self.progress_us),
            ("Channel-Progress-Media", 0),
            ("Channel-Hangup", self.hangup_us),
            ("Channel-Transfer", self.transferred),
            ("Channel-Resurrect", 0),
            ("Channel-Bridged", self.bridged_us),
        )
        way = "inbound" if self.inbound else "outbound"
        lines = [
            f"Direction: {way}",
            f"Logical-Direction: {way}",
            f"Username: {_enc(self.caller)}",
            "Dialplan: XML",
            f"Caller-ID-Name: {_enc(self.name)}",
            f"Caller-ID-Number: {_enc(self.caller)}",
            f"Orig-Caller-ID-Name: {_enc(self.name)}",
            f"Orig-Caller-ID-Number: {_enc(self.caller)}",
            "Network-Addr: 127.0.0.1",
            f"ANI: {_enc(self.caller)}",
            f"Destination-Number: {_enc(self.dest)}",
            f"Unique-ID: {self.uuid}",
            f"Source: {'mod_sofia' if self.inbound else 'src/switch_ivr_originate.c'}",
            f"Context: {_enc(self.context)}",
            f"Channel-Name: {_enc(self.channel_name)}",
            "Profile-Index: 1",
            *(f"{name}-Time: {at_us}" for name, at_us in times),
            f"Channel-Last-Hold: {self.hold_us}",
            "Channel-Hold-Accum: 0",
            "Screen-Bit: true",
            "Privacy-Hide-Name: false",
            "Privacy-Hide-Number: false",
        ]
        glue = b"\n" + prefix
        text = "\n".join(lines).encode("utf-8", "surrogateescape")
        return prefix + text.replace(b"\n", glue) + b"\n"


def _enc(value: str) -> str:
    return encode(value).decode("ascii") if value else ""


def _invite_block(leg: Leg) -> bytes:
    """What SIP and RTP add to a channel's variables: about half of an event's bytes."""
    far, near = ("from", "to") if leg.inbound else ("to", "from")
    number, dest = leg.number, leg.dest
    port = 16384 + leg.session * 2 % 16384
    pairs = {
        "direction": "inbound" if leg.inbound else "outbound",
        "uuid": leg.uuid,
        "session_id": str(leg.session),
        "channel_name": leg.channel_name,
        f"sip_{far}_user": number,
        f"sip_{far}_uri": f"{number}@127.0.0.1",
        f"sip_{far}_host": "127.0.0.1",
        f"sip_{near}_user": dest,
        f"sip_{near}_uri": f"{dest}@127.0.0.1:5060",
        f"sip_{near}_host": "127.0.0.1",
        "video_media_flow": "disabled",
        "text_media_flow": "disabled",
        "audio_media_flow": "sendrecv",
        "sofia_profile_name": leg.profile,
        "recovery_profile_name": leg.profile,
        "sofia_profile_url": "sip:mod_sofia@127.0.0.1:5060",
        "sip_local_network_addr": "127.0.0.1",
        "sip_network_ip": "127.0.0.1",
        "sip_network_port": "5080",
        "sip_via_protocol": "udp",
        "sip_req_user": dest,
        "sip_req_uri": f"{dest}@127.0.0.1:5060",
        "sip_contact_user": "mod_sofia",
        "sip_contact_uri": "mod_sofia@127.0.0.1:5080",
        "sip_user_agent": "FreeSWITCH-mod_sofia/1.10.12-release~64bit",
        "sip_allow": "INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER",
        "sip_call_id": f"{leg.session:08x}-{leg.uuid[9:]}",
        "sip_full_via": f"SIP/2.0/UDP 127.0.0.1:5080;rport=5080;branch=z9hG4bK{leg.session:08d}",
        "sip_full_from": f'"{leg.name}" <sip:{leg.caller}@127.0.0.1>;tag={leg.session:x}',
        "sip_full_to": f"<sip:{dest}@127.0.0.1:5060>",
        "max_forwards": "70",
        "ep_codec_string": "CORE_PCM_MODULE.PCMU@8000h@20i@64000b",
        "rtp_use_codec_string": "PCMU",
        "rtp_use_codec_name": "PCMU",
        "rtp_use_codec_rate": "8000",
        "rtp_use_codec_ptime": "20",
        "remote_video_media_flow": "inactive",
        "remote_text_media_flow": "inactive",
        "remote_audio_media_flow": "sendrecv",
        "read_codec": "PCMU",
        "read_rate": "8000",
        "write_codec": "PCMU",
        "write_rate": "8000",
        "dtmf_type": "rfc2833",
        "local_media_ip": "127.0.0.1",
        "local_media_port": str(port),
        "remote_media_ip": "127.0.0.1",
        "remote_media_port": str(port + 16384),
        "rtp_use_timer_name": "soft",
        "call_uuid": leg.uuid,
    }
    lines = [b"variable_%b: %b\n" % (k.encode(), encode(v)) for k, v in pairs.items()]
    sdp = _SDP % (leg.created_us // 1_000_000, leg.session, port)
    lines += (b"variable_switch_r_sdp: ", sdp, b"variable_rtp_local_sdp_str: ", sdp)
    return b"".join(lines)
