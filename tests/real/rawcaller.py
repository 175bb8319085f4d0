"""A caller made by hand: SIP bytes over UDP, so that he can say and not say what no phone would.

He calls, says no more than a call needs, sends no RTP, and can vanish without a BYE. Used for
hostile headers and for legs that disappear; ordinary callers are channels of the phones' switch.
"""

import re
import socket
from collections.abc import Mapping
from uuid import uuid4

__all__ = ["RawCaller"]

SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio %d RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
)


class RawCaller:
    """One call. `sock` is polled by its owner, who hands each datagram to `take`."""

    def __init__(self, to: tuple[str, int], called: bytes) -> None:
        self.to = to
        self.called = called
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.call_id = uuid4().hex.encode()
        self.tag = uuid4().hex[:10].encode()
        self.branch = b"z9hG4bK" + uuid4().hex.encode()
        self.remote_to = b""
        self.from_line = b""
        self.state = "new"  # new, calling, ringing, talking, ended
        self.status = 0  # the last answer to the INVITE

    def call(
        self, number: bytes, name: bytes = b"", headers: Mapping[bytes, bytes] | None = None
    ) -> None:
        """INVITE. Number, name and headers go out as they are, whatever they hold."""
        shown = b'"' + name + b'" ' if name else b""
        address = b"<sip:%s@127.0.0.1:%d>" % (number, self.port)
        self.from_line = b"From: " + shown + address + b";tag=" + self.tag
        self.remote_to = b"To: <sip:%s@127.0.0.1>" % self.called
        extra = [key + b": " + value for key, value in (headers or {}).items()]
        extra += [b"Content-Type: application/sdp"]
        self._send(b"INVITE", 1, self.branch, extra, SDP % (self.port + 1))
        self.state = "calling"

    def hang_up(self) -> None:
        if self.state in ("calling", "ringing"):
            self._send(b"CANCEL", 1, self.branch)
        elif self.state == "talking":
            self._send(b"BYE", 2, b"z9hG4bK" + uuid4().hex.encode())
            self.state = "ended"

    def vanish(self) -> None:
        """Gone, without a word."""
        self.sock.close()
        self.state = "ended"

    def take(self, datagram: bytes) -> tuple[str, str] | None:
        """One datagram from the switch; what the caller notices of it: (what, detail)."""
        first, _, _ = datagram.partition(b"\r\n")
        if first.startswith(b"SIP/2.0 "):
            return self._reply(int(first.split()[1]), datagram)
        if first.split()[0] != b"ACK":
            self._answer(datagram)
        if first.startswith(b"BYE"):
            self.state = "ended"
            return "hungup", _cause(datagram)
        return None

    def _reply(self, status: int, datagram: bytes) -> tuple[str, str] | None:
        cseq = _header(datagram, b"CSeq")
        if not cseq.endswith(b"INVITE") or status == 100:
            return None
        self.status = status
        if status < 200:
            self.state = "ringing" if self.state == "calling" else self.state
            return ("ringing", "") if status == 180 else None
        self.remote_to = b"To: " + _header(datagram, b"To")
        ok = status < 300
        self._send(b"ACK", 1, b"z9hG4bK" + uuid4().hex.encode() if ok else self.branch)
        if ok and self.state != "talking":
            self.state = "talking"
            return "answered", ""
        if not ok:
            self.state = "ended"
            return "hungup", _cause(datagram) or str(status)
        return None

    def _answer(self, request: bytes) -> None:
        lines = [b"SIP/2.0 200 OK"]
        for name in (b"Via", b"From", b"To", b"Call-ID", b"CSeq"):
            lines.append(name + b": " + _header(request, name))
        self.sock.sendto(b"\r\n".join([*lines, b"Content-Length: 0", b"", b""]), self.to)

    def _send(
        self,
        method: bytes,
        cseq: int,
        branch: bytes,
        extra: list[bytes] | None = None,
        body: bytes = b"",
    ) -> None:
        lines = [
            b"%s sip:%s@%s:%d SIP/2.0" % (method, self.called, self.to[0].encode(), self.to[1]),
            b"Via: SIP/2.0/UDP 127.0.0.1:%d;branch=%s" % (self.port, branch),
            b"Max-Forwards: 70",
            self.from_line,
            self.remote_to,
            b"Call-ID: " + self.call_id,
            b"CSeq: %d %s" % (cseq, method),
            b"Contact: <sip:raw@127.0.0.1:%d>" % self.port,
            *(extra or []),
            b"Content-Length: %d" % len(body),
        ]
        self.sock.sendto(b"\r\n".join(lines) + b"\r\n\r\n" + body, self.to)


def _header(message: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?im)^" + re.escape(name) + rb"\s*:\s*([^\r\n]*)", message)
    return found.group(1) if found else b""


def _cause(message: bytes) -> str:
    """FreeSWITCH writes its hang-up cause as the text of the Reason header."""
    found = re.search(rb'text="([^"]*)"', _header(message, b"Reason"))
    return found.group(1).decode("ascii", "replace") if found else ""
