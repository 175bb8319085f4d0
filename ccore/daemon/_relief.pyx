"""The thread that reads what the event loop leaves lying, and beats the metronome; without Python.

A client that stops reading makes the switch hold back the events of all its clients, and a switch
looks at its events only every 20 ms unless a byte comes. Both need somebody who is never late, and
the event loop may be: a handler computes, the collector runs, a disk hangs. So a thread looks every
20 ms; a connection whose bytes have lain for 40 ms it empties into the buffer that the loop reads
into, up to a bound, and rings. The same thread sends the metronome's line feeds.

It rests in the kernel while nothing happens, and lives as long as there is a connection.
"""

from cpython.exc cimport PyErr_SetFromErrno
from libc.errno cimport EAGAIN, EINTR, errno
from libc.stdint cimport int64_t
from libc.stdlib cimport free, realloc
from libc.string cimport strerror
from posix.time cimport timespec
from posix.types cimport pid_t
from posix.unistd cimport close, getpid

from ccore.daemon._posix cimport (
    EFD_CLOEXEC,
    EFD_NONBLOCK,
    MSG_DONTWAIT,
    MSG_NOSIGNAL,
    POLLIN,
    SIG_BLOCK,
    be_urgent,
    eventfd,
    now_ns,
    poll,
    pollfd,
    ppoll,
    pthread_create,
    pthread_join,
    pthread_mutex_init,
    pthread_mutex_lock,
    pthread_mutex_t,
    pthread_mutex_trylock,
    pthread_mutex_unlock,
    pthread_sigmask,
    pthread_t,
    recv,
    ring,
    send,
    sigfillset,
    sigset_t,
    unring,
)
from ccore.daemon._shed cimport shed
from ccore.esl._buffer cimport Buffer, make_room

from ccore.esl.limits import MAX_BODY_BYTES

__all__ = []

cdef enum:
    PIECE_BYTES = 256 * 1024    # of one read
    PASS_BYTES = 8 * 1024 * 1024        # of one look: ten times what a switch says in 20 ms
    MS = 1_000_000              # ns
    LOOK_NS = 20 * MS
    LATE_NS = 40 * MS           # bytes that lie so long are not being read
    REST_NS = 200 * MS          # after so long without a byte it sleeps until one comes
    BEAT_NS = 1 * MS
    BEATS_NS = 250_000          # between two beats of anybody: 4,000 a second are enough
    NUDGE_NS = 500_000          # a command is read and carried out by then

cdef Py_ssize_t MAX_BODY = MAX_BODY_BYTES

cdef struct Relief:
    pthread_mutex_t lock        # of the lines
    Line **lines
    int count
    int wake                    # an eventfd
    pthread_t thread
    pid_t pid                   # whose thread it is: a forked child has none
    bint is_ending

cdef Relief relief


cdef void *keep_watch(void *_) noexcept nogil:
    cdef pollfd *polls = NULL
    cdef int room = 0, count, beating, at
    cdef int64_t now = now_ns(), busy_ns = now, look_ns = now, beat_ns = 0, step, due
    cdef timespec pause
    cdef sigset_t signals
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, NULL)      # they are the loop's
    be_urgent()
    while True:
        pthread_mutex_lock(&relief.lock)
        if relief.is_ending:
            break
        count = relief.count
        if count + 1 > room:
            room = 2 * count + 1
            polls = <pollfd *> realloc(polls, room * sizeof(pollfd))
            if polls == NULL:
                break           # who has not even this much memory has other troubles
        polls[0].fd, polls[0].events = relief.wake, POLLIN
        for at in range(count):
            polls[at + 1].fd = -1 if relief.lines[at].is_over else relief.lines[at].fd
            polls[at + 1].events = POLLIN
        now = now_ns()
        if now >= look_ns:
            look_ns = now + LOOK_NS
            if look(polls + 1, now):
                busy_ns = now
        beating = beat(now, beat_ns != 0 and now >= beat_ns)
        if not beating:
            beat_ns = 0
        elif not beat_ns:
            beat_ns = now + NUDGE_NS
        elif now >= beat_ns:
            step = max(<int64_t> BEAT_NS, beating * <int64_t> BEATS_NS)
            beat_ns = max(beat_ns + step, now + step // 2)
        pthread_mutex_unlock(&relief.lock)
        if not beating and now - busy_ns > REST_NS:
            poll(polls, count + 1, -1)
            busy_ns = now_ns()
        else:
            due = max(0, (min(look_ns, beat_ns) if beating else look_ns) - now_ns())
            pause.tv_sec, pause.tv_nsec = 0, due
            ppoll(polls, 1, &pause, NULL)
        if polls[0].revents:
            unring(relief.wake)
    pthread_mutex_unlock(&relief.lock)
    free(polls)
    return NULL


cdef bint look(pollfd *polls, int64_t now) noexcept nogil:
    """Read what the loop has left lying. True if anything was said since the last look."""
    cdef bint is_busy = False
    cdef Line *line
    cdef int at
    poll(polls, relief.count, 0)
    for at in range(relief.count):
        line = relief.lines[at]
        if pthread_mutex_trylock(&line.lock):
            continue            # the loop is at it
        is_busy |= line.reads != line.seen_reads or polls[at].revents != 0
        if line.reads != line.seen_reads or not polls[at].revents:
            line.seen_reads = line.reads
            line.waiting_ns = now if polls[at].revents else 0
        elif not line.waiting_ns:
            line.waiting_ns = now
        elif now - line.waiting_ns >= LATE_NS:
            relieve(line)
        pthread_mutex_unlock(&line.lock)
    return is_busy


cdef void relieve(Line *line) noexcept nogil:
    """Empty the kernel's buffer into ours."""
    cdef Buffer *held = line.held
    cdef Py_ssize_t left = PASS_BYTES, waiting, got
    while left > 0 and not line.is_over:
        waiting = held.end - held.start
        if waiting + PIECE_BYTES > line.limit:
            line.shed += shed(
                held, waiting - line.limit // 2, MAX_BODY, line.kinds, line.kinds_count
            )
            if held.end - held.start + PIECE_BYTES > line.limit:
                break           # nothing that may go: the kernel has to keep it
        if not make_room(held, PIECE_BYTES, 2 * line.limit):
            break
        got = recv(line.fd, held.bytes + held.end, PIECE_BYTES, MSG_DONTWAIT)
        if got > 0:
            held.end += got
            left -= got
            line.late_bytes += got
        elif got == 0:
            line.is_over, line.error = True, 0
        elif errno == EAGAIN or errno == EINTR:
            break
        else:
            line.is_over, line.error = True, errno
    if left < PASS_BYTES or line.is_over:
        line.late_reads += 1
        line.is_rung = True
        ring(line.bell)


cdef int beat(int64_t now, bint is_time) noexcept nogil:
    """A line feed to every switch that is waited on, if it is time; how many there are."""
    cdef int wanted = 0, at
    cdef Line *line
    for at in range(relief.count):
        line = relief.lines[at]
        if line.is_over:
            continue
        if not (line.is_waited_on or line.is_owed or now < line.beat_until_ns):
            continue
        wanted += 1
        if is_time and pthread_mutex_trylock(&line.lock) == 0:
            line.is_owed = False
            if not line.is_cutting and send(line.fd, b"\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1:
                line.beats += 1
            pthread_mutex_unlock(&line.lock)
    return wanted


# Called by the loop.


cdef int begin() except -1:
    cdef int fault
    relief.pid, relief.is_ending = getpid(), False
    relief.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
    if relief.wake < 0:
        PyErr_SetFromErrno(OSError)
    fault = pthread_create(&relief.thread, NULL, keep_watch, NULL)
    if fault:
        close(relief.wake)
        raise OSError(fault, strerror(fault).decode())
    return 0


cdef int enrol(Line *line) except -1:
    """With the first of them the thread begins."""
    cdef Line **grown
    if relief.pid != getpid():  # a forked child has neither the thread nor the lines
        pthread_mutex_init(&relief.lock, NULL)
        relief.count = 0
    pthread_mutex_lock(&relief.lock)
    try:
        grown = <Line **> realloc(relief.lines, (relief.count + 1) * sizeof(Line *))
        if grown == NULL:
            raise MemoryError
        relief.lines = grown
        if not relief.count:
            begin()
        relief.lines[relief.count] = line
        relief.count += 1
        ring(relief.wake)
    finally:
        pthread_mutex_unlock(&relief.lock)


cdef void leave(Line *line) noexcept:
    """With the last of them the thread ends."""
    cdef int at
    if relief.pid != getpid():
        return
    pthread_mutex_lock(&relief.lock)
    for at in range(relief.count):
        if relief.lines[at] == line:
            relief.count -= 1
            relief.lines[at] = relief.lines[relief.count]
            break
    relief.is_ending = relief.count == 0
    pthread_mutex_unlock(&relief.lock)
    if relief.is_ending:
        ring(relief.wake)
        pthread_join(relief.thread, NULL)
        close(relief.wake)


cdef void wake() noexcept nogil:
    """There is something to do sooner than it thinks."""
    ring(relief.wake)
