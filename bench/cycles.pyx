# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Full cycles through the engine without Python objects, as a program that embeds it would.

Built by bench/router.py where it is run; it is also the example of a cimport.
"""

from libc.stdint cimport int64_t

from ccore._router cimport Router
from ccore.engine._engine cimport Choice, Engine

cdef extern from "time.h" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int CLOCK_MONOTONIC
    int clock_gettime(int, timespec *)


cdef inline int64_t now_ns() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec


def run(Router router, floor, int64_t[:] needs, int64_t[:] chosen, int64_t[:] took_ns):
    """As `bench.router.run_cycles`; `took_ns` may be empty, else two decisions a cycle."""
    cdef Engine engine = router
    cdef int64_t[:] busy = floor.busy
    cdef int64_t head = floor.head, count = floor.count, now_us = floor.now_us, call = floor.calls
    cdef int64_t agent, begun = 0
    cdef bint is_timed = took_ns.shape[0] > 0
    cdef Py_ssize_t i, room = busy.shape[0]
    cdef Choice choice
    for i in range(needs.shape[0]):
        now_us += 1_000
        if is_timed:
            begun = now_ns()
        engine.arrive(call, needs[i], now_us, 0, 1_000_000, -1, False, 0, 0)
        chosen[2 * i] = chosen[2 * i + 1] = -1
        if engine.choose_agent(call, now_us, 0, &choice):
            chosen[2 * i] = choice.agent
            engine.settle(call)
            busy[(head + count) % room] = choice.agent
            count += 1
        call += 1
        if is_timed:
            took_ns[2 * i] = now_ns() - begun
            begun = now_ns()
        agent = busy[head]
        head = (head + 1) % room
        count -= 1
        engine.ready(agent, now_us, now_us, 0)
        if engine.choose_call(agent, now_us, 0, &choice):
            chosen[2 * i + 1] = choice.call
            engine.settle(choice.call)
            busy[(head + count) % room] = agent
            count += 1
        if is_timed:
            took_ns[2 * i + 1] = now_ns() - begun
    floor.head, floor.count, floor.now_us, floor.calls = head, count, now_us, call
