"""Agents and needs as they are told of, and who could serve what. See _roster.pyx."""

from libc.stdint cimport int32_t, int64_t

from ccore.engine._idle cimport Idle
from ccore.engine._matching cimport Meeting


cdef struct Queue:
    int64_t weight          # millionths
    int64_t credit_us
    const int64_t *without  # groups that are not asked now
    int32_t without_count


cdef class Roster(Idle):
    cdef Queue *queues
    cdef const int64_t **persons    # the words of each profile; NULL: not in use
    cdef int32_t queue_count, queues_room
    cdef list profile_keys          # the packed words of each profile
    cdef dict profile_numbers       # and back
    cdef list unused_profiles
    cdef int32_t empty_profiles
    cdef list need_keys
    cdef dict need_numbers
    cdef list unused_needs
    cdef dict queue_numbers         # queue -> its place in queues
    cdef list queue_groups          # keeps what Queue.without points to
    cdef dict set_numbers           # frozenset of agents -> number of the closed set
    cdef dict set_uses              # number -> how many needs ask for it
    cdef dict sets_of               # agent -> numbers of the sets that he belongs to, sorted
    cdef int32_t next_set

    cdef int32_t known_agent(self, int64_t agent) except -1
    cdef int32_t known_need(self, int64_t need) except -1
    cdef int tell(self, int32_t agent, bytes words) except -1
    cdef int hold(self, int32_t agent, int64_t used) except -1
    cdef dict capacity_of(self, int32_t agent)
    cdef int leave(self, int32_t agent) except -1
    cdef int32_t need_number(self, wanted) except -1
    cdef int let_go(self, int32_t need) except -1
    cdef int32_t queue_number(self, int64_t queue) except -1
    cdef int shut(self, int32_t queue, bytes groups) except -1

    cdef int _move(self, int32_t agent, bytes key) except -1
    cdef int _out(self, int32_t agent) except -1
    cdef int32_t _profile(self, bytes key) except -1
    cdef int _sweep(self) except -1
    cdef int _connect_all(self, int32_t need) except -1
    cdef bint _meets(self, int32_t profile, int32_t need, Meeting *meeting) noexcept nogil
    cdef int _free(self, int32_t need) except -1
    cdef int32_t _set(self, agents) except -1
    cdef int _rekey(self, agent) except -1
