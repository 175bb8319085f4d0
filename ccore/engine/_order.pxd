"""An agent, and which of two idle ones goes first in an order (docs/router.md has what for)."""

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


cdef struct Order:          # what agents are compared by
    Agent *agents
    uint64_t seed
    int32_t order


cdef inline int64_t drawn(uint64_t seed, uint64_t turn) noexcept nogil:
    """A number out of seed and turn (splitmix64, S. Vigna, public domain)."""
    cdef uint64_t z = seed + turn * <uint64_t>0x9E3779B97F4A7C15ULL
    z = (z ^ (z >> 30)) * <uint64_t>0xBF58476D1CE4E5B9ULL
    z = (z ^ (z >> 27)) * <uint64_t>0x94D049BB133111EBULL
    return <int64_t>((z ^ (z >> 31)) >> 1)


cdef inline int64_t primary(const Agent *agent, int32_t order, uint64_t seed) noexcept nogil:
    """What agents are compared by before their idle clocks."""
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
        return drawn(seed, agent.turn)
    return 0


cdef inline bint goes_before(const void *of, int32_t a, int32_t b) noexcept nogil:
    cdef const Order *order = <const Order *>of
    cdef const Agent *x = &order.agents[a]
    cdef const Agent *y = &order.agents[b]
    cdef int64_t x_first, y_first
    if order.order != LONGEST_IDLE:
        x_first = primary(x, order.order, order.seed)
        y_first = primary(y, order.order, order.seed)
        if x_first != y_first:
            return x_first < y_first
    if x.idle_us != y.idle_us:
        return x.idle_us < y.idle_us
    return x.turn < y.turn
