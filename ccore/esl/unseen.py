"""Callers who came and went while nobody of us listened, as the dialplan's hook left them.

`dialplans/ccore-inbound.xml` sets a hook on each caller, which ccore's first note of him disarms.
If there was no such note, the end of his channel leaves one of the switch's global variables,

    ccore_unseen_<uuid>=<arrived us>,<ended us>,<cause>,<who hung up>,<way>,<called>,<calling>

made of values that the dialplan has cleaned. What has another form is nobody's call.
"""

import re

from ccore.model import UnseenCall

__all__ = ["VARIABLE", "unseen_calls"]

VARIABLE = "ccore_unseen_"
_CALL = re.compile(
    rf"{VARIABLE}(?P<leg>[A-Za-z0-9\-]{{1,64}})="
    r"(?P<arrived>[0-9]{15,17}),(?P<ended>[0-9]{15,17}),(?P<cause>[A-Z0-9_]{1,64}),"
    r"(?P<hung_up>[a-z_]{0,32}),(?P<way>[a-z\-]{0,32}),"
    r"(?P<called>\+?[0-9*#]{1,32}),(?P<calling>\+?[0-9]{1,20}|anonymous)",
    re.ASCII,
)


def unseen_calls(text: str) -> list[UnseenCall]:
    """Of the reply to `global_getvar`, which lists every global variable, one a line."""
    found = (_CALL.fullmatch(line) for line in text.split("\n") if line.startswith(VARIABLE))
    return [
        UnseenCall(
            leg=match["leg"],
            arrived_us=int(match["arrived"]),
            ended_us=int(match["ended"]),
            cause=match["cause"],
            by_phone=match["hung_up"].startswith("recv_"),
            is_served=match["way"] == "fallback",
            called=match["called"],
            calling=match["calling"],
        )
        for match in found
        if match is not None
    ]
