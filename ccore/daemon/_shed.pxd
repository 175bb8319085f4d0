"""Which whole events are thrown away when a backlog is full: the least important first."""

from libc.string cimport memchr, memcmp, memmove

from ccore.esl._buffer cimport Buffer, Head, read_head
from ccore.esl._scan cimport COLON, LINE_FEED, scan

cdef enum:
    MOST_KINDS = 64
    NAME_SIZE = 12              # of "Event-Name: "

# A name of events and how many of them were thrown away, in the order in which they go.
cdef struct Kind:
    const char *name
    Py_ssize_t size
    long long shed


cdef inline int kind_of(
    const char *body, Py_ssize_t size, const Kind *kinds, int count
) noexcept nogil:
    """0 for an event whose name is not in the table."""
    cdef const char *last = body + size
    cdef const char *name = body
    cdef const char *end
    cdef int place
    # The first line of what the switch tells; what a client has it tell begins with other headers.
    if size <= NAME_SIZE or memcmp(body, b"Event-Name: ", NAME_SIZE):
        name = scan(body, last, b"Event-Name: ", NAME_SIZE, NAME_SIZE - 1, COLON)
        if last - name <= NAME_SIZE + 1 or name[1] == LINE_FEED:
            return 0
        name += 1
    name += NAME_SIZE
    end = <const char *> memchr(name, LINE_FEED, last - name)
    if end == NULL:
        return 0
    for place in range(1, count):
        if end - name == kinds[place].size and memcmp(name, kinds[place].name, end - name) == 0:
            return place
    return 0


cdef inline Py_ssize_t next_frame(
    const char *at, const char *end, Py_ssize_t max_body_bytes,
    const Kind *kinds, int count, int *kind,
) noexcept nogil:
    """The size of the frame at `at`, 0 if it is not whole; its kind, -1 if it is no plain event."""
    cdef const char *begin = at
    cdef const char *stop
    cdef Head head
    while at < end and at[0] == LINE_FEED:
        at += 1
    stop = scan(at, end, at, 0, 1, LINE_FEED)
    if stop == end:
        return 0
    read_head(at, stop, max_body_bytes, &head)
    at = stop + 2
    if head.fault != NULL or end - at < head.body_bytes:
        return 0
    kind[0] = -1
    if head.kind_size == 16 and memcmp(head.kind, b"text/event-plain", 16) == 0:
        kind[0] = kind_of(at, head.body_bytes, kinds, count)
    return at + head.body_bytes - begin


cdef inline long long shed(
    Buffer *held, Py_ssize_t wanted, Py_ssize_t max_body_bytes, Kind *kinds, int count
) noexcept nogil:
    """Throw away events until `wanted` bytes are free or none is left; how many went.

    Kinds go in their order, of a kind the oldest: what they told is what a new picture of the
    switch tells again. What is no event stays, and so does an event that has not come whole.
    """
    cdef Py_ssize_t[MOST_KINDS] spare
    cdef const char *end = held.bytes + held.end
    cdef const char *at = held.bytes + held.start
    cdef const char *first
    cdef char *to
    cdef Py_ssize_t size
    cdef long long gone = 0
    cdef int kind
    for kind in range(count):
        spare[kind] = 0
    if held.is_in_body:
        if held.end - held.start < held.body_bytes:
            return 0
        at += held.body_bytes
    first = at
    while True:
        size = next_frame(at, end, max_body_bytes, kinds, count, &kind)
        if size == 0:
            break
        if kind >= 0:
            spare[kind] += size
        at += size
    # From here on `spare` is what has to go of each kind.
    for kind in range(count):
        spare[kind] = min(spare[kind], wanted)
        wanted -= spare[kind]
    at, to = first, held.bytes + (first - held.bytes)
    while True:
        size = next_frame(at, end, max_body_bytes, kinds, count, &kind)
        if size == 0:
            break
        if kind >= 0 and spare[kind] > 0:
            spare[kind] -= size
            kinds[kind].shed += 1
            gone += 1
        else:
            memmove(to, at, size)
            to += size
        at += size
    memmove(to, at, end - at)
    held.end = to + (end - at) - held.bytes
    held.scanned = held.start
    return gone
