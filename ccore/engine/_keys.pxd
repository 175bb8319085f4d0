"""Keys in order, the smallest first: those that come in order in a run, the others on a heap.

Who becomes idle is usually the last, so a key is usually put at the end of the run and taken from
its beginning, and neither touches any other key. Of those in the run only the profile and the
version of its pool are kept, eight bytes: the pool has the rest.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memmove

from ccore.engine._memory cimport grown, out_of_memory


cdef struct Key:            # where the first idle agent of a profile stands
    int64_t rank            # preference and skills: the better, the smaller
    int64_t primary         # of the order; 0 for longest idle
    int64_t idle_us
    int64_t turn            # among equal clocks
    int32_t profile
    uint32_t version        # of his pool


cdef struct Note:           # the same in a run, where the order says the rest
    int32_t profile
    uint32_t version


cdef struct Keys:
    Note *run
    Key *heap
    int32_t first           # where the run begins in its room
    int32_t last            # and ends
    int32_t run_room
    int32_t heap_size
    int64_t latest_rank     # of the end of the run; so the next three
    int64_t latest_primary
    int64_t latest_idle_us
    int64_t latest_turn
    int32_t heap_room


cdef inline bint key_before(const Key *a, const Key *b) noexcept nogil:
    if a.rank != b.rank:
        return a.rank < b.rank
    if a.primary != b.primary:
        return a.primary < b.primary
    if a.idle_us != b.idle_us:
        return a.idle_us < b.idle_us
    return a.turn < b.turn


cdef inline void heap_down(Keys *keys, int32_t place, Key key) noexcept nogil:
    """Put the key at this place or below, where it belongs."""
    cdef int32_t below = 2 * place + 1
    while below < keys.heap_size:
        if below + 1 < keys.heap_size:
            below += key_before(&keys.heap[below + 1], &keys.heap[below])
        if not key_before(&keys.heap[below], &key):
            break
        keys.heap[place] = keys.heap[below]
        place = below
        below = 2 * place + 1
    keys.heap[place] = key


cdef inline void heap_order(Keys *keys) noexcept nogil:
    """Make a heap of what stands there in any order."""
    cdef int32_t place = keys.heap_size // 2 - 1
    while place >= 0:
        heap_down(keys, place, keys.heap[place])
        place -= 1


cdef inline int heap_push(Keys *keys, const Key *key) except -1 nogil:
    cdef int32_t place = keys.heap_size, above
    if place == keys.heap_room:
        keys.heap_room = max(4, 2 * place)
        keys.heap = <Key *>grown(keys.heap, place * sizeof(Key), keys.heap_room * sizeof(Key))
    keys.heap_size += 1
    while place > 0:
        above = (place - 1) >> 1
        if not key_before(key, &keys.heap[above]):
            break
        keys.heap[place] = keys.heap[above]
        place = above
    keys.heap[place] = key[0]
    return 0


cdef inline int _run_grow(Keys *keys) except -1 nogil:
    """Room for one more at the end of the run."""
    cdef int32_t size = keys.last - keys.first
    cdef Note *run = keys.run
    if keys.first <= size:
        keys.run_room = max(8, 2 * size)
        run = <Note *>malloc(keys.run_room * sizeof(Note))
        if run is NULL:
            out_of_memory()
    if size:
        memmove(run, keys.run + keys.first, size * sizeof(Note))
    if run != keys.run:
        free(keys.run)
    keys.run, keys.first, keys.last = run, 0, size
    return 0


cdef inline bint _comes_late(const Keys *keys, const Key *key) noexcept nogil:
    """Does it stand before the end of the run?"""
    if key.rank != keys.latest_rank:
        return key.rank < keys.latest_rank
    if key.primary != keys.latest_primary:
        return key.primary < keys.latest_primary
    if key.idle_us != keys.latest_idle_us:
        return key.idle_us < keys.latest_idle_us
    return key.turn < keys.latest_turn


cdef inline int keys_add(Keys *keys, const Key *key) except -1 nogil:
    if keys.first != keys.last and _comes_late(keys, key):
        return heap_push(keys, key)
    if keys.last == keys.run_room:
        _run_grow(keys)
    keys.run[keys.last].profile = key.profile
    keys.run[keys.last].version = key.version
    keys.last += 1
    keys.latest_rank, keys.latest_primary = key.rank, key.primary
    keys.latest_idle_us, keys.latest_turn = key.idle_us, key.turn
    return 0


cdef inline int32_t keys_held(const Keys *keys) noexcept nogil:
    return keys.last - keys.first + keys.heap_size


cdef inline void run_drop(Keys *keys) noexcept nogil:
    keys.first += 1
    if keys.first == keys.last:
        keys.first = keys.last = 0


cdef inline void heap_drop(Keys *keys) noexcept nogil:
    keys.heap_size -= 1
    if keys.heap_size:
        heap_down(keys, 0, keys.heap[keys.heap_size])


cdef inline void keys_free(Keys *keys) noexcept nogil:
    free(keys.run)
    free(keys.heap)
    keys.run, keys.heap = NULL, NULL
    keys.first = keys.last = keys.run_room = keys.heap_size = keys.heap_room = 0
