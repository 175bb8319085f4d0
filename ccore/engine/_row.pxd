"""Numbers in a row, sorted: by what, says the `before` that goes with them.

Taking the first and adding a new last cost the same however long the row is. Elsewhere the place is
found by halving and the shorter side is moved, four bytes a number: 10,000 waiting calls are 40 kB.
A row of one or two needs no room elsewhere; where every agent has skills of his own, most are.
"""

from libc.stdint cimport int32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memmove

from ccore.engine._memory cimport out_of_memory

cdef enum:
    FEW = 2


cdef union Numbers:
    int32_t *many
    int32_t few[FEW]


cdef struct Row:
    Numbers numbers
    int32_t first           # where the row begins in its room
    int32_t size
    int32_t rooms           # 0: there is no other room than `few`


# Does number a stand before number b?
ctypedef bint (*Before)(const void *of, int32_t a, int32_t b) noexcept nogil


cdef inline int32_t *row_numbers(Row *row) noexcept nogil:
    return row.numbers.many + row.first if row.rooms else row.numbers.few + row.first


cdef inline int32_t row_at(Row *row, int32_t place) noexcept nogil:
    return row_numbers(row)[place]


cdef inline void row_free(Row *row) noexcept nogil:
    if row.rooms:
        free(row.numbers.many)
    row.first = row.size = row.rooms = 0


cdef inline int32_t row_place(
    Row *row, int32_t number, Before before, const void *of
) noexcept nogil:
    """How many stand before this number, whether it stands in the row or not."""
    cdef int32_t low = 0, high = row.size, middle
    cdef const int32_t *numbers = row_numbers(row)
    while low < high:
        middle = (low + high) >> 1
        if before(of, numbers[middle], number):
            low = middle + 1
        else:
            high = middle
    return low


cdef inline int _row_grow(Row *row) except -1 nogil:
    """Room for one more at the end."""
    cdef int32_t rooms
    cdef int32_t *numbers = row_numbers(row)
    cdef int32_t *new
    if row.first > row.size or (row.first and not row.rooms):
        memmove(numbers - row.first, numbers, row.size * sizeof(int32_t))
    else:
        rooms = max(2 * row.size, 4)
        new = <int32_t *>malloc(rooms * sizeof(int32_t))
        if new is NULL:
            out_of_memory()
        memcpy(new, numbers, row.size * sizeof(int32_t))
        if row.rooms:
            free(row.numbers.many)
        row.numbers.many, row.rooms = new, rooms
    row.first = 0
    return 0


cdef inline int32_t row_add(
    Row *row, int32_t number, Before before, const void *of
) except -1 nogil:
    """The place that it got."""
    cdef int32_t place = row.size
    cdef int32_t *numbers
    if place and before(of, number, row_at(row, place - 1)):
        place = row_place(row, number, before, of)
    if row.first and place <= row.size >> 1:
        row.first -= 1
        numbers = row_numbers(row)
        memmove(numbers, numbers + 1, place * sizeof(int32_t))
    else:
        if row.first + row.size == (row.rooms or FEW):
            _row_grow(row)
        numbers = row_numbers(row)
        memmove(numbers + place + 1, numbers + place, (row.size - place) * sizeof(int32_t))
    numbers[place] = number
    row.size += 1
    return place


cdef inline int32_t row_remove(
    Row *row, int32_t number, Before before, const void *of
) noexcept nogil:
    """The place that it had. It has to stand in the row."""
    cdef int32_t place = 0
    cdef int32_t *numbers = row_numbers(row)
    if numbers[0] != number:
        place = row_place(row, number, before, of)
    row.size -= 1
    if place <= row.size >> 1:
        memmove(numbers + 1, numbers, place * sizeof(int32_t))
        row.first += 1
    else:
        memmove(numbers + place, numbers + place + 1, (row.size - place) * sizeof(int32_t))
    if row.size == 0:
        row.first = 0
    return place
