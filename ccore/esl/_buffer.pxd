"""A connection's bytes that are not taken yet, and what a frame's head says; no Python object.

Invariants: start <= scanned <= end <= capacity; bytes before `start` are gone; the end of the next
head does not begin before `scanned`. One owner at a time: who shares it between threads locks.
"""

from libc.stdlib cimport realloc
from libc.string cimport memchr, memcmp, memmove

from ccore.esl._scan cimport COLON, LINE_FEED, is_space, line_end, name_end, number, scan

cdef enum:
    FIRST_ROOM = 16 * 1024

cdef struct Buffer:
    char *bytes
    Py_ssize_t capacity
    Py_ssize_t start        # of what is not taken yet
    Py_ssize_t end
    Py_ssize_t scanned
    Py_ssize_t body_bytes   # of the body whose head has been taken
    bint is_in_body         # that body is what comes next, not a head

cdef struct Head:
    const char *kind        # value of Content-Type, or NULL
    Py_ssize_t kind_size
    Py_ssize_t body_bytes
    const char *fault       # what is wrong with it, or NULL
    Py_ssize_t fault_size
    bint is_length          # the fault is a Content-Length


cdef inline int make_room(Buffer *held, Py_ssize_t size, Py_ssize_t most) noexcept nogil:
    """Room for `size` more bytes; 0 if there is no memory.

    Grown by doubling up to `most`, beyond that by what is needed. What waits is moved to the front
    when that is at most what is gone: so bytes are moved once, however many there are.
    """
    cdef Py_ssize_t waiting = held.end - held.start
    cdef Py_ssize_t room
    cdef char *grown
    if held.capacity - held.end >= size:
        return 1
    if held.start and (held.start >= waiting or 2 * held.capacity > most):
        memmove(held.bytes, held.bytes + held.start, waiting)
        held.scanned -= held.start
        held.start = 0
        held.end = waiting
        if held.capacity - held.end >= size:
            return 1
    room = max(min(2 * held.capacity, most), held.end + size, FIRST_ROOM)
    grown = <char *> realloc(held.bytes, room)
    if grown == NULL:
        return 0
    held.bytes = grown
    held.capacity = room
    return 1


cdef inline const char *head_end(Buffer *held) noexcept nogil:
    """The first of the two line feeds that end the head at `start`; NULL if they have not come.

    Blank lines before the head are skipped.
    """
    cdef const char *end = held.bytes + held.end
    cdef const char *at
    while held.start < held.end and held.bytes[held.start] == LINE_FEED:
        held.start += 1
    at = held.bytes + max(held.scanned, held.start)
    at = scan(at, end, at, 0, 1, LINE_FEED)
    if at == end:
        held.scanned = max(held.start, held.end - 1)
        return NULL
    return at


cdef inline void read_head(
    const char *at, const char *end, Py_ssize_t max_body_bytes, Head *head
) noexcept nogil:
    """What the frame is and how long. First of a name wins."""
    cdef const char *length = NULL
    cdef const char *length_end = NULL
    cdef const char *stop
    cdef const char *colon
    cdef const char *value
    cdef const char *value_end
    head.kind = head.fault = NULL
    head.kind_size = head.body_bytes = 0
    while True:
        stop = line_end(at, end)
        colon = name_end(at, stop)
        if colon == NULL:
            colon = <const char *> memchr(at, COLON, stop - at)
        if colon == NULL:
            head.fault, head.fault_size, head.is_length = at, stop - at, False
            return
        value, value_end = colon + 1, stop
        while value < value_end and is_space(value[0]):
            value += 1
        while value < value_end and is_space((value_end - 1)[0]):
            value_end -= 1
        if colon - at == 12 and head.kind == NULL and memcmp(at, b"Content-Type", 12) == 0:
            head.kind, head.kind_size = value, value_end - value
        elif colon - at == 14 and length == NULL and memcmp(at, b"Content-Length", 14) == 0:
            length, length_end = value, value_end
        if stop == end:
            break
        at = stop + 1
    if length != NULL:
        head.body_bytes = number(length, length_end)
        if not 0 <= head.body_bytes <= max_body_bytes:
            head.fault, head.fault_size, head.is_length = length, length_end - length, True
