"""Idle agents and how the first of them is found. The theory stands in _idle.pyx."""

from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t, uint64_t

from ccore.engine._keys cimport Key, Keys
from ccore.engine._matching cimport Meeting
from ccore.engine._order cimport Agent, Order
from ccore.engine._row cimport Row

cdef enum:
    AWAY
    LISTED                  # idle
    RESERVED

cdef enum:
    POOL_ORDERS = 8         # orders of their own; the others are longest idle among equal ranks


cdef struct Pool:           # 32 bytes: idle agents of a profile in one order
    Row row
    uint32_t version        # how often its first has changed; 0: there is no such pool
    uint32_t told           # the version that the needs were last told of


cdef struct Profile:        # 64 bytes: agents with the same words
    Pool idle               # by longest idle
    Pool *others            # by the other orders that needs ask for; NULL: there are none
    int32_t *needs          # that these agents meet, sorted
    Meeting *meetings       # how, beside them; NULL: none has a rank, a turn or another order
    int32_t need_count
    int32_t members


cdef struct Front:          # the first of a profile's agents by longest idle
    int64_t idle_us         # INT64_MAX: there is none
    int64_t turn


cdef struct Need:           # what calls ask for
    Keys keys
    int32_t *few            # the profiles that meet it; NULL: they are many, and it has keys
    int32_t few_room
    const int64_t *words    # NULL: this number is not in use
    int32_t rule            # what was asked for, of words.ORDERS
    int32_t order           # of the pools it looks at
    int32_t is_ranked       # among its agents some go first whatever their order
    int32_t queue
    int32_t profiles        # that meet it
    int32_t members         # agents that do
    int32_t holders         # calls that ask for it, reserved ones too
    int32_t dropped


cdef class Idle:
    cdef Agent *agents
    cdef int64_t *bases             # by agent: what was chosen when he drew
    cdef int64_t chosen             # the largest drawn number that was chosen
    cdef Profile *profiles
    cdef Need *needs
    cdef Front *fronts              # by profile
    cdef int32_t *idle              # by need: idle agents that meet it
    cdef int8_t *has_keys           # by need
    cdef int32_t agents_room, profile_count, profiles_room, need_count, needs_room
    cdef int32_t few                # a need that so many profiles meet looks at each
    cdef int32_t newcomer           # idle, but not in his pools yet
    cdef int64_t total_idle
    cdef uint64_t seed

    cdef Order by(self, int32_t order) noexcept nogil
    cdef int32_t place(self, const Profile *profile, int32_t need) noexcept nogil
    cdef int put(self, int32_t agent) except -1 nogil
    cdef void take(self, int32_t agent) noexcept nogil
    cdef int enlist(self) except -1 nogil
    cdef int32_t idle_of(self, int32_t need) except -1 nogil
    cdef int32_t first(self, int32_t need, Key *found) except -2 nogil
    cdef int connect(self, int32_t profile, int32_t need, const Meeting *meeting) except -1 nogil
    cdef int disconnect(self, int32_t profile, int32_t need) except -1 nogil
    cdef void close(self, int32_t profile) noexcept nogil

    cdef void forget_keys(self, int32_t need) noexcept nogil
    cdef int32_t _first_of_few(self, int32_t need, Key *found) noexcept nogil
    cdef int32_t _first_of_many(self, int32_t need, Key *found) except -2 nogil
    cdef int _note_profile(self, int32_t profile, int32_t need) except -1 nogil
    cdef int _add_key(self, int32_t profile, int32_t need) except -1 nogil
    cdef void _drop_profile(self, int32_t profile, int32_t need) noexcept nogil
    cdef void _set_front(self, int32_t profile) noexcept nogil
    cdef Pool *_pool(self, int32_t profile, int32_t order) noexcept nogil
    cdef int _add(self, int32_t profile, int32_t order, int32_t agent) except -1 nogil
    cdef void _remove(self, int32_t profile, int32_t order, int32_t agent) noexcept nogil
    cdef int _open(self, int32_t profile, int32_t order) except -1 nogil
    cdef int _more_needs(self, Profile *one, bint with_meetings) except -1 nogil
    cdef void _key(self, int32_t profile, int32_t need, Key *key) noexcept nogil
    cdef int _announce(self, int32_t profile, int32_t order) except -1 nogil
    cdef bint _counts(self, const Pool *pool, uint32_t version) noexcept nogil
    cdef void _tidy(self, int32_t need) noexcept nogil
