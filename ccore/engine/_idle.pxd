"""Idle agents and how the first of them is found. The theory stands in _idle.pyx."""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint64_t

from ccore.engine._heads cimport Heads, Key
from ccore.engine._matching cimport Meeting
from ccore.engine._row cimport Row

cdef enum:
    AWAY
    LISTED                  # idle, and in the pools of his profile
    RESERVED


cdef struct Agent:          # 64 bytes: a line of the cache
    int64_t idle_us
    int64_t ready_us
    int64_t turn            # when he was told to be ready: order among equal clocks
    int64_t offered         # when he was last offered a call
    int32_t profile         # NONE: not known
    int32_t state
    int32_t own             # first of the calls that wait for him alone
    int32_t occupancy       # millionths
    int32_t calls
    int32_t weight          # millionths
    int32_t position


cdef struct Pool:           # idle agents of a profile, in one order
    Row row
    int64_t primary         # with idle_us and turn: no need's heads have a later key for this pool
    int64_t idle_us         # only, so that one who comes behind it need not be told of
    uint64_t turn
    int32_t order
    int32_t unlisted        # edges that are not listed


cdef struct Edge:           # a profile meets a need
    int64_t rank
    int32_t need
    int16_t turn            # of the need's queue in these agents' own list
    uint8_t pool
    uint8_t listed          # the need's heads have a key for the pool


cdef struct Profile:        # agents with the same words
    const int64_t *words    # NULL: this number is not in use
    Edge *edges             # by need
    Pool *pools             # the first is that of longest idle
    int32_t edge_count
    int32_t edge_room
    int32_t pool_count
    int32_t members


cdef struct Need:           # what calls ask for
    Heads heads
    const int64_t *words    # NULL: this number is not in use
    int32_t order           # of the pools it looks at
    int32_t queue
    int32_t edges           # profiles that meet it
    int32_t members         # agents that do
    int32_t idle            # those of them who are idle
    int32_t holders         # calls that ask for it, reserved ones too
    int32_t dropped


cdef struct Order:          # what agents are compared by
    Agent *agents
    uint64_t seed
    int32_t order


cdef class Idle:
    cdef Agent *agents
    cdef Profile *profiles
    cdef Need *needs
    cdef int32_t agents_room, profile_count, profiles_room, need_count, needs_room
    cdef int64_t total_idle
    cdef uint64_t seed

    cdef Edge *edge(self, const Profile *profile, int32_t need) noexcept nogil
    cdef Pool *pool(self, const Profile *profile, int32_t order) noexcept nogil
    cdef int put(self, int32_t agent) except -1 nogil
    cdef void take(self, int32_t agent) noexcept nogil
    cdef int32_t first(self, int32_t need) noexcept nogil
    cdef int connect(self, int32_t profile, int32_t need, const Meeting *meeting) except -1 nogil
    cdef void disconnect(self, int32_t profile, int32_t need) noexcept nogil
    cdef void mend(self, int32_t need) noexcept nogil
    cdef Key _key(
        self, int32_t agent, int32_t profile, int32_t order, int64_t rank
    ) noexcept nogil
    cdef int _announce(self, int32_t profile, int32_t pool) except -1 nogil
    cdef int _list(self, int32_t profile, Edge *edge, Key key) except -1 nogil
    cdef int32_t _add_pool(self, int32_t profile, int32_t order) except -1 nogil
