"""How large FreeSWITCH's own records of a call are, from what a real switch said of one.

The call is that of `queue_bridge_record_caller_hangs_up` in `tests/data/esl`: a caller, a queue, an
agent, a recording. Its caller's leg ended with a CHANNEL_HANGUP_COMPLETE that carries every channel
variable, which is what both modules write from:

CSV  the line of mod_cdr_csv's template `example`, the default of its stock configuration. Fields
     that neither variables nor the caller's profile have (bleg_uuid, accountcode) are empty.
XML  only the element `variables` of mod_xml_cdr, each `<name>percent-encoded value</name>`,
     without indentation. The file has more (channel_data, call-stats, app_log, callflow), which the
     event does not tell: the figure is a lower bound.

Both log the caller's leg alone, as their stock configurations do.
"""

import gzip
import re
from pathlib import Path
from urllib.parse import quote, unquote

__all__ = ["csv_line", "sizes", "variables_xml"]

CAPTURE = Path(__file__).parent.parent / "tests/data/esl/queue_bridge_record_caller_hangs_up.s2c.gz"
CSV_FIELDS = (
    *("caller_id_name", "caller_id_number", "destination_number", "context"),
    *("start_stamp", "answer_stamp", "end_stamp", "duration", "billsec", "hangup_cause"),
    *("uuid", "bleg_uuid", "accountcode", "read_codec", "write_codec"),
)
# Fields of the template that are the caller's profile's, and their headers in the event.
PROFILE = {
    "caller_id_name": "Caller-Caller-ID-Name",
    "caller_id_number": "Caller-Caller-ID-Number",
    "destination_number": "Caller-Destination-Number",
    "context": "Caller-Context",
}
PREFIX = "variable_"


def sizes() -> dict[str, int]:
    """Bytes by format."""
    headers = _caller_hangs_up()
    return {
        "FreeSWITCH CSV, template example": len(csv_line(headers).encode()),
        "FreeSWITCH XML, its variables alone": len(variables_xml(headers).encode()),
    }


def csv_line(headers: dict[str, str]) -> str:
    cells = [headers.get(PROFILE.get(name, PREFIX + name), "") for name in CSV_FIELDS]
    return ",".join(f'"{cell}"' for cell in cells) + "\n"


def variables_xml(headers: dict[str, str]) -> str:
    lines = [
        f"<{name.removeprefix(PREFIX)}>{quote(value)}</{name.removeprefix(PREFIX)}>\n"
        for name, value in headers.items()
        if name.startswith(PREFIX)
    ]
    return f"<variables>\n{''.join(lines)}</variables>\n"


def _caller_hangs_up() -> dict[str, str]:
    stream = gzip.decompress(CAPTURE.read_bytes()).decode()
    for body in re.findall(r"^Event-Name: CHANNEL_HANGUP_COMPLETE\n(.*?)\n\n", stream, re.M | re.S):
        headers = dict(line.split(": ", 1) for line in body.splitlines())
        if headers["Call-Direction"] == "inbound":
            return {name: unquote(value) for name, value in headers.items()}
    raise AssertionError(f"{CAPTURE.name} has no end of a caller's leg")
