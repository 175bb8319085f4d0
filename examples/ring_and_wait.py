"""Ring a phone of any FreeSWITCH, play it a tone, and say how the call ended.

    python examples/ring_and_wait.py --password SECRET user/1001@example.org

Needs ccore (`pip install .` in its checkout) and a switch whose event socket lets this machine in.
docs/python-api.md explains what is used here.
"""

import argparse
import sys

from ccore.errors import CcoreError
from ccore.talk import Switch

TONE = "tone_stream://%(400,200,440);loops=3"
# What the leg does meanwhile. Not &park(): a controller may take parked calls for its own.
SILENCE = "&playback(silence_stream://-1)"


def main() -> int:
    parser = argparse.ArgumentParser(description="Ring a phone and wait for the end of the call.")
    parser.add_argument("dial", help="what to ring, such as user/1001@example.org")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8021)
    parser.add_argument("--password", default="ClueCon", help="of event_socket.conf.xml")
    parser.add_argument("--name", default="ccore", help="shown on the phone")
    options = parser.parse_args()
    try:
        with Switch(options.host, options.port, options.password) as switch:
            print(switch.api("version").strip())
            # Before the call is made: of what was before nothing is told.
            switch.subscribe("CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP_COMPLETE")
            leg = switch.originate(
                options.dial,
                SILENCE,
                variables={"origination_caller_id_name": options.name},
                timeout_s=30,
            )
            print(f"answered: {leg}")
            tone = switch.execute(leg, "playback", TONE)
            played = switch.wait("CHANNEL_EXECUTE_COMPLETE", leg, app=tone, timeout_s=60)
            if played is not None:
                print(f"played: {played.get(b'Application-Response')}")
                switch.hang_up(leg)
            ended = switch.wait("CHANNEL_HANGUP_COMPLETE", leg, timeout_s=60)
            if ended is None:
                print("the call goes on")
                return 1
            print(f"ended: {ended.get(b'Hangup-Cause')}")
            return 0
    except CcoreError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
