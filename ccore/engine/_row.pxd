"""Numbers in a row, sorted: by what, says the `before` that goes with them.

Taking the first and adding a new last cost the same however long the row is. Elsewhere the place is
found by halving and the shorter side is moved, four bytes a number: 10,000 waiting calls are 40 kB.
"""

from libc.stdint cimport int32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memmove

from ccore.engine._memory cimport out_of_memory


cdef struct Row:
    int32_t *room
    int32_t first           # where the row begins in its room
    int32_t size
    int32_t rooms


# Does number a stand before number b?
ctypedef bint (*Before)(const void *of, int32_t a, int32_t b) noexcept nogil


cdef inline int32_t row_at(const Row *row, int32_t place) noexcept nogil:
    return row.room[row.first + place]


cdef inline int32_t row_place(
    const Row *row, int32_t number, Before before, const void *of
) noexcept nogil:
    """How many stand before this number, whether it stands in the row or not."""
    cdef int32_t low = 0, high = row.size, middle
    while low < high:
        middle = (low + high) >> 1
        if before(of, row.room[row.first + middle], number):
            low = middle + 1
        else:
            high = middle
    return low


cdef inline int _row_grow(Row *row) except -1 nogil:
    """Room for one more at the end."""
    cdef int32_t rooms
    cdef int32_t *new
    if row.first > row.size:
        memcpy(row.room, row.room + row.first, row.size * sizeof(int32_t))
    else:
        rooms = max(2 * row.size, 2)
        new = <int32_t *>malloc(rooms * sizeof(int32_t))
        if new is NULL:
            out_of_memory()
        if row.size:
            memcpy(new, row.room + row.first, row.size * sizeof(int32_t))
        free(row.room)
        row.room, row.rooms = new, rooms
    row.first = 0
    return 0


cdef inline int32_t row_add(
    Row *row, int32_t number, Before before, const void *of
) except -1 nogil:
    """The place that it got."""
    cdef int32_t place = row.size
    if place and before(of, number, row.room[row.first + place - 1]):
        place = row_place(row, number, before, of)
    if row.first and place <= row.size >> 1:
        row.first -= 1
        memmove(row.room + row.first, row.room + row.first + 1, place * sizeof(int32_t))
    else:
        if row.first + row.size == row.rooms:
            _row_grow(row)
        memmove(
            row.room + row.first + place + 1,
            row.room + row.first + place,
            (row.size - place) * sizeof(int32_t),
        )
    row.room[row.first + place] = number
    row.size += 1
    return place


cdef inline int32_t row_remove(
    Row *row, int32_t number, Before before, const void *of
) noexcept nogil:
    """The place that it had. It has to stand in the row."""
    cdef int32_t place = 0
    if row.room[row.first] != number:
        place = row_place(row, number, before, of)
    row.size -= 1
    if place <= row.size >> 1:
        memmove(row.room + row.first + 1, row.room + row.first, place * sizeof(int32_t))
        row.first += 1
    else:
        memmove(
            row.room + row.first + place,
            row.room + row.first + place + 1,
            (row.size - place) * sizeof(int32_t),
        )
    if row.size == 0:
        row.first = 0
    return place
