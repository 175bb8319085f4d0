"""The clock of the daemon runs on when the machine's is set, and that is told once."""

import time

from ccore.daemon.clock import Clock

HOUR_US = 3_600_000_000


def test_a_set_clock_moves_nobody_and_is_told_once_each_time() -> None:
    set_by_us = 0
    clock = Clock(lambda: time.monotonic_ns() + set_by_us * 1000)
    assert clock.set_by_us() is None
    before_us = clock.now_us()
    set_by_us = HOUR_US
    told_us = clock.set_by_us()
    assert told_us is not None
    assert told_us > HOUR_US // 2
    assert clock.set_by_us() is None
    assert before_us <= clock.now_us() < before_us + HOUR_US // 2
    set_by_us = 0
    assert clock.set_by_us() is not None, "set back again"
