"""What two readers know of a connection, and how the thread that reads late hears of it."""

from libc.stdint cimport int64_t, uint64_t

from ccore.daemon._posix cimport pthread_mutex_t
from ccore.daemon._shed cimport MOST_KINDS, Kind
from ccore.esl._buffer cimport Buffer

cdef struct Line:
    int fd
    int bell                    # an eventfd, readable while bytes may wait in the buffer
    Buffer *held
    Py_ssize_t limit
    pthread_mutex_t lock
    bint is_rung
    bint is_over                # no more will come, because of
    int error                   # 0: they closed it
    bint is_cutting             # a command has gone in part: no beat may land inside it
    bint is_waited_on
    int64_t beat_until_ns
    bint is_owed                # a beat to the last nudge, however late the thread is
    uint64_t reads              # by the loop
    uint64_t seen_reads         # of them, when bytes were first found waiting
    int64_t waiting_ns          # since when they wait; 0: none do
    uint64_t late_reads         # looks in which the thread read for the loop
    uint64_t late_bytes
    uint64_t beats
    int kinds_count
    Kind[MOST_KINDS] kinds      # to be shed in this order; the first is all that have no name here
    long long shed

cdef int enrol(Line *line) except -1
cdef void leave(Line *line) noexcept
cdef void wake() noexcept nogil
