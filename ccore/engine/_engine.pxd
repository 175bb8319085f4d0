"""The engine without Python objects, for those who cimport it; docs/router.md has an example."""

from libc.stdint cimport int32_t, int64_t

from ccore.engine._roster cimport Roster
from ccore.engine._waiting cimport Waiting


cdef struct Choice:         # what a Match is made of
    int64_t call
    int64_t waited_us
    int64_t candidates
    int64_t runner_up       # agent or call, NONE
    int32_t agent
    int32_t rule            # index of RULES
    int32_t decided_by      # index of DECIDERS
    int32_t step


cdef int checked_clock(what, int64_t clock_us) except -1
cdef int check_lease(int64_t lease_us) except -1


cdef class Engine:
    cdef Roster roster
    cdef Waiting calls
    cdef int64_t turn

    # True: `choice` is filled in, agent and call are reserved until `settle` or `give_back`.
    cdef bint choose_agent(
        self, int64_t call, int64_t now_us, int64_t lease_us, Choice *choice
    ) except -1
    cdef bint choose_call(
        self, int64_t agent, int64_t now_us, int64_t lease_us, Choice *choice
    ) except -1
    cdef int arrive(
        self, int64_t call, int64_t need, int64_t entered_us, int64_t credit_us, int64_t weight,
        int32_t wish, bint alone, int priority, int step,
    ) except -1
    cdef int ready(self, int64_t agent, int64_t idle_us, int64_t ready_us, int64_t used) except -1
    cdef int settle(self, int64_t call) except -1
    cdef int give_back(self, int64_t call, bint requeue, bint ready, int64_t idle_us) except -1
    cdef int gone(self, int64_t call) except -1

    cdef int _reserve(
        self, int32_t slot, int32_t agent, int64_t now_us, int64_t lease_us, Choice *choice
    ) except -1
    cdef int _end(self, int32_t slot) except -1
    cdef int rest(self, int32_t agent) except -1
    cdef int32_t unreserved(self, int64_t agent) except -1
    cdef int32_t _waiting_slot(self, int64_t call) except -1
    cdef int32_t _reserved_slot(self, int64_t call) except -1
    cdef int change(self, int32_t slot, int32_t need, bint alone) except -1
    cdef bint meets(self, int32_t agent, int32_t need) noexcept nogil
