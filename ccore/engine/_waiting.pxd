"""Calls that wait or are reserved, and which is the best of them. Theory in _waiting.pyx."""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t

from ccore.engine._roster cimport Roster
from ccore.engine._row cimport Row

cdef extern from *:
    """
    typedef __int128 ccore_wide;  /* a score of any clock, credit and weights, exact */
    """
    ctypedef long long wide "ccore_wide"

cdef extern from *:
    """
    #define CCORE_NEVER INT64_MIN
    """
    int64_t NEVER "CCORE_NEVER"


cdef struct Place:          # of a waiting call
    int32_t line
    int32_t next            # of those that wait for the same agent alone


cdef union Stand:
    Place place             # while it waits
    int64_t due_us          # while it is reserved: the lease's end, or NEVER


cdef struct Call:           # 64 bytes: a line of the cache
    int64_t id
    int64_t entered_us
    int64_t credit_us
    int64_t weight          # millionths of a point per microsecond
    int64_t turn            # order among equal scores and clocks
    Stand stand
    int32_t need
    int32_t wish            # NONE, or the agent it waits for alone or prefers
    int32_t agent           # NONE while it waits; next of the unused slots
    int16_t priority
    int8_t step
    int8_t alone            # the wish is a condition


cdef struct Line:           # waiting calls of one need and weight: their order never changes
    Row row
    int64_t weight
    int32_t next            # of the same need, or of the unused


cdef struct Lines:          # of one need
    int32_t open            # first of those that every agent may take from
    int32_t aside           # first of those that wait for one agent alone: for places only
    int32_t waiting


cdef enum:                  # what parted the best call from the next
    ALONE
    BY_TURN
    BY_PRIORITY
    BY_SCORE
    BY_ENTERED
    BY_TOLD


cdef struct Standing:       # of a call before an agent
    wide score
    int64_t entered_us
    int64_t turn_told
    int32_t turn            # of its queue in the agent's list
    int32_t priority
    int32_t slot


cdef struct Best:
    int32_t slot            # NONE: there is none
    int32_t runner_up
    int32_t parted
    int64_t candidates


cdef class Waiting:
    cdef Call *calls
    cdef Line *lines
    cdef Lines *of_need
    cdef int32_t *table             # slots by id, open addressing; NONE: empty
    cdef Row leases                 # slots of reserved calls that have one, by due_us
    cdef int32_t calls_room, lines_room, needs_room, table_room
    cdef int32_t unused_call, unused_line, total, total_alone, held

    cdef int32_t find(self, int64_t call) noexcept nogil
    cdef int32_t known(self, int64_t call) except -1
    cdef int32_t add(self, int64_t call, int32_t need) except -1 nogil
    cdef void forget(self, int32_t slot) noexcept nogil
    cdef int enter(self, int32_t slot, Roster roster) except -1 nogil
    cdef void withdraw(self, int32_t slot, Roster roster) noexcept nogil
    cdef void best(
        self, int32_t agent, Roster roster, int64_t now_us, Best *out
    ) noexcept nogil
    cdef int32_t ahead(
        self, int32_t need, int32_t slot, Roster roster, int64_t now_us
    ) noexcept nogil
    cdef int lease(self, int32_t slot, int64_t due_us) except -1 nogil
    cdef void end_lease(self, int32_t slot) noexcept nogil

    cdef void _stand(
        self, int32_t slot, int32_t turn, Roster roster, int64_t now_us, Standing *out
    ) noexcept nogil
    cdef int32_t _line(self, int32_t *first, int64_t weight) except -1 nogil
    cdef int _leave_line(self, int32_t slot, int32_t *first) noexcept nogil
    cdef int32_t _before(
        self, Row *row, const Standing *mine, Roster roster, int64_t now_us
    ) noexcept nogil
    cdef int _more_calls(self) except -1 nogil
    cdef int _more_needs(self, int32_t need) except -1 nogil
