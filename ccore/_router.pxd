"""Layout of the routing engine, for those who cimport it. The theory stands in _router.pyx."""

from libc.stdint cimport int32_t, int64_t, uint64_t


cdef struct Pair:           # a skill and its level
    int32_t skill
    int32_t level


cdef struct Agent:
    int64_t idle_since_us
    int64_t turn            # order among equal clocks
    int32_t profile         # NONE: not known
    int32_t state           # AWAY, IDLE, RESERVED
    int32_t before          # neighbours in the profile's idle list
    int32_t after
    int32_t own             # first of the lines of calls that wait for this agent alone


cdef struct Profile:        # agents with the same skills
    Pair *skills            # sorted by skill
    uint64_t *needs         # bit: this profile meets that need
    int32_t width           # number of skills
    int32_t members
    int32_t idle            # length of the idle list
    int32_t first           # longest idle
    int32_t last


cdef struct Need:           # what calls ask for
    Pair *skills            # sorted by skill
    uint64_t *profiles      # bit: that profile meets this need
    int32_t width
    int32_t lines           # first of its lines open to every agent
    int32_t waiting         # calls, those for one agent alone included
    int32_t own             # the calls among them that wait for one agent alone


cdef struct Line:           # waiting calls of one need and weight: their order never changes
    int32_t *heap           # slots of calls, the best-scored on top
    int64_t weight
    int32_t size
    int32_t room
    int32_t need            # NONE: this line is not in use
    int32_t only            # NONE, or the one agent these calls wait for
    int32_t next            # of the same need, of the same agent, or of the unused


cdef struct Call:
    int64_t id
    int64_t entered_us
    int64_t credit_us
    int64_t weight          # millionths of a point per microsecond
    int64_t turn            # order among equal scores and clocks
    int32_t need
    int32_t only
    int32_t line            # NONE while reserved
    int32_t place           # in the line's heap; next of the unused slots
    int32_t agent           # NONE while waiting


cdef class Match:
    cdef readonly int64_t call
    cdef readonly int64_t agent
    cdef readonly int64_t candidates
    cdef readonly int64_t waited_us
    cdef readonly str rule


cdef class Router:
    cdef Agent *agents
    cdef Profile *profiles
    cdef Need *needs
    cdef Line *lines
    cdef Call *calls
    cdef uint64_t *idle_profiles    # bit: somebody is idle there
    cdef uint64_t *active_needs     # bit: calls open to every agent wait there
    cdef int32_t agents_room, profiles_room, needs_room, lines_room, calls_room
    cdef int32_t profile_count, need_count, unused_line, unused_call
    cdef int64_t turn
    cdef int64_t total_waiting, total_idle
    cdef dict slots                 # call -> its slot
    cdef dict skill_numbers         # skill, or frozenset of agents -> dense number
    cdef dict groups                # agent -> numbers of the closed groups he belongs to
    cdef dict profile_numbers       # frozenset of (skill, level) -> profile
    cdef list profile_keys          # and back
    cdef list unused_profiles
    cdef dict need_numbers          # frozenset of (skill, level) -> need

    cdef bint _better(self, int32_t a, int32_t b, int64_t now_us) noexcept nogil
    cdef int32_t _ahead(self, Line *line, int32_t slot, int64_t now_us) noexcept nogil
    cdef void _sift(self, Line *line, int32_t place) noexcept nogil
    cdef int _enqueue(self, int32_t slot) except -1
    cdef void _dequeue(self, int32_t slot) noexcept nogil
    cdef int32_t _line(self, int32_t need, int64_t weight, int32_t only) except -1
    cdef void _close(self, int32_t number) noexcept nogil

    cdef void _list(self, int32_t number) noexcept nogil
    cdef void _unlist(self, int32_t number) noexcept nogil
    cdef bint _longer_idle(self, int32_t a, int32_t b) noexcept nogil

    cdef int32_t _longest_idle(self, int32_t need, int64_t *candidates) noexcept nogil
    cdef int32_t _best_call(self, int32_t agent, int64_t now_us, int64_t *candidates) noexcept nogil
    cdef int32_t _better_head(
        self, int32_t number, int32_t best, int64_t now_us, int64_t *candidates
    ) noexcept nogil
    cdef bint _meets(self, int32_t profile, int32_t need) noexcept nogil
    cdef Match _reserve(
        self, int32_t slot, int32_t agent, str rule, int64_t candidates, int64_t now_us
    )

    cdef int _more_calls(self) except -1
    cdef int _forget(self, int32_t slot) except -1
    cdef int _change(self, int32_t slot, int32_t need, int32_t only) except -1

    cdef _key(self, skills)
    cdef _group(self, agents)
    cdef int _move(self, int32_t agent, key) except -1
    cdef int _leave_profile(self, int32_t agent) except -1
    cdef int32_t _new_profile(self, key) except -1
    cdef int32_t _new_need(self, key) except -1
    cdef void _compare(self, int32_t p, int32_t n) noexcept nogil

    cdef int32_t _known_agent(self, int64_t agent) except -1
    cdef int _refuse_reserved(self, int32_t agent) except -1
    cdef int32_t _known_need(self, int64_t need) except -1
    cdef int32_t _known_call(self, int64_t call) except -1
    cdef int32_t _waiting_call(self, int64_t call) except -1
    cdef int32_t _reserved_call(self, int64_t call) except -1
