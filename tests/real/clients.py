"""What programs of others do on a real switch with `ccore.talk`, beside a daemon that serves it."""

import subprocess
import sys
import threading
from pathlib import Path

from ccore.talk import Switch
from tests.esl.nasty import NASTY
from tests.real.case import PATIENCE_S, Case, Stage

__all__ = ["CASES"]

ROOT = Path(__file__).parent.parent.parent
PHONE = "1005"  # registered, and no agent of the daemon's
DIAL = f"user/{PHONE}@agents"
HOLDS = "&playback(silence_stream://-1)"  # what is parked the daemon takes for its own


def quoting(stage: Stage) -> None:
    """Texts with a meaning of their own come back unchanged, from an originate and set later."""
    with Switch("127.0.0.1", stage.switch.port, stage.switch.password) as switch:
        switch.subscribe("CHANNEL_HANGUP_COMPLETE")
        given = {f"t{number}": text for number, text in enumerate(NASTY)}
        legs: list[str] = []
        caller = threading.Thread(
            target=lambda: legs.append(switch.originate(DIAL, HOLDS, variables=given))
        )
        caller.start()
        stage.until(f"agent:{PHONE}", "ringing")
        stage.world.act(f"agent:{PHONE}", "answer")
        caller.join(PATIENCE_S)
        assert legs, "the call was not answered"
        later = {f"s{number}": text for number, text in enumerate(NASTY)}
        switch.set_variables(legs[0], later)
        switch.hang_up(legs[0])
        ended = switch.wait("CHANNEL_HANGUP_COMPLETE", legs[0], timeout_s=PATIENCE_S)
        assert ended is not None, "the end of the call was not told"
        for name, text in (given | later).items():
            back = ended.get(f"variable_{name}".encode())
            assert back == text, f"{text!r} came back as {back!r}"
    stage.until(f"agent:{PHONE}", "over")


def the_example_for_others(stage: Stage) -> None:
    """examples/ring_and_wait.py rings a phone, plays, hangs up and says how it ended."""
    words = [sys.executable, "examples/ring_and_wait.py", "--port", str(stage.switch.port)]
    words += ["--password", stage.switch.password, "--name", "O'Brien, Pat", DIAL]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as example:
        stage.until(f"agent:{PHONE}", "ringing")
        stage.world.act(f"agent:{PHONE}", "answer")
        said, _ = example.communicate(timeout=PATIENCE_S)
    assert "played: FILE PLAYED" in said, said
    assert "ended: NORMAL_CLEARING" in said, said
    stage.until(f"agent:{PHONE}", "over")


CASES: tuple[Case, ...] = (quoting, the_example_for_others)
