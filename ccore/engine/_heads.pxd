"""A heap of keys, the smallest on top: for a need, the first idle agent of every profile.

A key is a *bound*: the profile's first agent is not before it, but may be behind it, or there may
be none any more. So nothing has to be done here when an agent leaves his profile; whoever looks
at the top mends it (`Roster.first`). What comes last is put at the end and does not move.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free

from ccore.engine._memory cimport grown

cdef enum:
    PROFILE_BITS = 24


cdef struct Key:            # 32 bytes: two in a line of the cache
    int64_t rank            # preference and skills, the better the smaller
    int64_t primary         # of the need's order; 0 for longest idle
    int64_t idle_us
    uint64_t turn           # among equal clocks; the profile is in the low bits


cdef struct Heads:
    Key *room
    int32_t size
    int32_t rooms


cdef inline bint key_before(const Key *a, const Key *b) noexcept nogil:
    if a.rank != b.rank:
        return a.rank < b.rank
    if a.primary != b.primary:
        return a.primary < b.primary
    if a.idle_us != b.idle_us:
        return a.idle_us < b.idle_us
    return a.turn < b.turn


cdef inline bint same_key(const Key *a, const Key *b) noexcept nogil:
    return (
        a.turn == b.turn
        and a.idle_us == b.idle_us
        and a.primary == b.primary
        and a.rank == b.rank
    )


cdef inline void heads_down(Heads *heads, int32_t place, Key key) noexcept nogil:
    """Put the key at this place or below, where it belongs."""
    cdef int32_t below = 2 * place + 1
    while below < heads.size:
        if below + 1 < heads.size and key_before(&heads.room[below + 1], &heads.room[below]):
            below += 1
        if not key_before(&heads.room[below], &key):
            break
        heads.room[place] = heads.room[below]
        place = below
        below = 2 * place + 1
    heads.room[place] = key


cdef inline int heads_push(Heads *heads, Key key) except -1 nogil:
    cdef int32_t place = heads.size, above
    if place == heads.rooms:
        heads.rooms = max(4, 2 * place)
        heads.room = <Key *>grown(heads.room, place * sizeof(Key), heads.rooms * sizeof(Key))
    heads.size += 1
    while place > 0:
        above = (place - 1) >> 1
        if not key_before(&key, &heads.room[above]):
            break
        heads.room[place] = heads.room[above]
        place = above
    heads.room[place] = key
    return 0


cdef inline void heads_pop(Heads *heads) noexcept nogil:
    heads.size -= 1
    if heads.size:
        heads_down(heads, 0, heads.room[heads.size])


cdef inline bint heads_twice(const Heads *heads) noexcept nogil:
    """Is the top there twice? The second smallest of a heap stands right below the top."""
    return (heads.size > 1 and same_key(&heads.room[1], &heads.room[0])) or (
        heads.size > 2 and same_key(&heads.room[2], &heads.room[0])
    )


cdef inline void heads_order(Heads *heads) noexcept nogil:
    """Make a heap of what stands there in any order."""
    cdef int32_t place = heads.size // 2 - 1
    while place >= 0:
        heads_down(heads, place, heads.room[place])
        place -= 1
