"""An agent, and which of two idle ones goes first in an order (docs/router.md has what for)."""

from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint64_t

from ccore.engine._matching cimport (
    FEWEST_CALLS,
    FIXED_ORDER,
    LEAST_OCCUPIED,
    LONGEST_IDLE,
    LONGEST_READY,
    RANDOM,
    ROUND_ROBIN,
    WEIGHTED,
)

cdef enum:
    BILLION = 1_000_000_000
    UNIT = 1 << 24


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
    int32_t used            # parts of ALL_PARTS, as his profile has it, without a look there


cdef struct Order:          # what agents are compared by
    const Agent *agents
    const int64_t *bases    # of what they draw
    uint64_t seed
    int32_t order


cdef inline int64_t drawn(uint64_t seed, uint64_t turn) noexcept nogil:
    """A waiting time out of seed and turn, exponential, mean 1, in parts of UNIT.

    Who draws adds it to the largest drawn number that has been chosen so far (`base`). Since what
    is left of such a time is as long as a new one, however much has passed, he who was passed over
    and he who comes new are equally likely to be next, and the smallest number is a fair choice
    without a look at the others. Bits by splitmix64 (S. Vigna, public domain).
    """
    cdef uint64_t z = seed + turn * <uint64_t>0x9E3779B97F4A7C15ULL
    z = (z ^ (z >> 30)) * <uint64_t>0xBF58476D1CE4E5B9ULL
    z = (z ^ (z >> 27)) * <uint64_t>0x94D049BB133111EBULL
    z = ((z ^ (z >> 31)) >> 11) + 1
    return <int64_t>(-log(<double>z * 2.0**-53) * UNIT)


cdef inline int64_t primary(const Order *by, int32_t number) noexcept nogil:
    """What agents are compared by before their idle clocks."""
    cdef const Agent *agent = &by.agents[number]
    cdef int32_t order = by.order
    if order == LONGEST_READY:
        return agent.ready_us
    if order == LEAST_OCCUPIED:
        return agent.occupancy
    if order == FEWEST_CALLS:
        return agent.calls
    if order == ROUND_ROBIN:
        return agent.offered
    if order == WEIGHTED:
        return <int64_t>agent.calls * BILLION // agent.weight
    if order == FIXED_ORDER:
        return agent.position
    if order == RANDOM:
        return by.bases[number] + drawn(by.seed, agent.turn)
    return 0


cdef inline bint goes_before(const void *of, int32_t a, int32_t b) noexcept nogil:
    cdef const Order *order = <const Order *>of
    cdef const Agent *x = &order.agents[a]
    cdef const Agent *y = &order.agents[b]
    cdef int64_t x_first, y_first
    if order.order != LONGEST_IDLE:
        x_first, y_first = primary(order, a), primary(order, b)
        if x_first != y_first:
            return x_first < y_first
    if x.idle_us != y.idle_us:
        return x.idle_us < y.idle_us
    return x.turn < y.turn
