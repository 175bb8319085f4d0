"""Does an agent with these words meet a need with those? See _matching.pyx."""

from libc.stdint cimport int16_t, int64_t

cdef enum:                  # places of a profile's words; what follows is lists
    USED                    # parts of WHOLE in use
    SETS                    # closed sets of agents that he belongs to
    SITE
    TEAM
    GROUP
    SKILLS
    CAPACITY
    QUEUES
    PERSON_LISTS

cdef enum:                  # places of a need's words
    SET                     # closed set that the agent has to be in; NONE: any
    QUEUE
    WAITED_US
    CHANNEL
    ORDER
    REQUIRED
    PREFERRED
    FORBIDDEN
    SITES
    TEAMS
    GROUPS
    WANTED_LISTS

cdef enum:                  # as in words.ORDERS; what comes after is no clock or figure
    LONGEST_IDLE
    LONGEST_READY
    LEAST_OCCUPIED
    FEWEST_CALLS
    ROUND_ROBIN
    WEIGHTED
    FIXED_ORDER
    RANDOM
    MOST_SKILLED
    LEAST_VERSATILE

cdef enum:
    NONE = -1
    ALL_PARTS = 2520        # words.WHOLE
    SKILL_BITS = 12         # of a rank: the skills' sum or count, below the preference


cdef struct Meeting:
    int64_t rank            # among those who meet the need, the better the smaller
    int16_t turn            # of the need's queue in the agents' own list, 0 without one
    int16_t order           # of the pool that the need looks at


cdef bint meets(const int64_t *person, const int64_t *wanted, Meeting *out) noexcept nogil
