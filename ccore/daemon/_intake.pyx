"""The reader that never stops, and the metronome.

A client that stops reading makes the switch hold back the events of all its clients, and a switch
looks at its events only every 20 ms unless a byte comes. Both need somebody who is never late, and
the event loop may be: a handler computes, the collector runs, a disk hangs. So there are two
readers of one buffer. Mostly the loop reads, which is cheapest. A thread without Python looks every
20 ms; a connection whose bytes the loop has left lying for 40 ms it empties into the same buffer,
up to a bound, and rings. Since the bytes have one buffer and one lock, none can be lost, doubled or
change places between the two. The same thread sends the metronome's line feeds.

It rests in the kernel while nothing happens, and lives as long as there is a connection.
"""

cimport cython
from libc.errno cimport EAGAIN, EINTR, errno
from libc.stdint cimport int64_t, uint64_t
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
from ccore.daemon._shed cimport MOST_KINDS, Kind, shed
from ccore.esl._buffer cimport Buffer, make_room
from ccore.esl._codec cimport Frame, FrameDecoder

from ccore.errors import ProtocolError
from ccore.esl.frames import MAX_BODY_BYTES

__all__ = ["BACKLOG_BYTES", "Intake"]

cdef enum:
    READ_BYTES = 128 * 1024     # of one turn of the loop: twenty events, which stay in the cache
    MOST_FRAMES = 64            # of one turn
    TRIES = 16                  # to get the rest of a frame: some 10 us, a turn of the loop is 50
    PIECE_BYTES = 256 * 1024    # of one read of the thread
    PASS_BYTES = 8 * 1024 * 1024        # of one look: ten times what a switch says in 20 ms
    MS = 1_000_000              # ns
    LOOK_NS = 20 * MS
    LATE_NS = 40 * MS           # bytes that lie so long are not being read
    REST_NS = 200 * MS          # after so long without a byte the thread sleeps until one comes
    BEAT_NS = 1 * MS
    BEATS_NS = 250_000          # between two beats of anybody: 4,000 a second are enough
    NUDGE_NS = 500_000          # a command is read and carried out by then
    AFTER_NS = 3 * MS           # how long a command is followed by beats

# About 10,000 events of a real switch, or a second and a half of all that one can say.
BACKLOG_BYTES = 64 * 1024 * 1024

# What both threads know of a connection.
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

cdef struct Relief:
    pthread_mutex_t lock        # of the lines
    Line **lines
    int count
    int wake                    # an eventfd
    pthread_t thread
    pid_t pid                   # whose thread it is: a forked child has none
    bint is_ending

cdef Relief relief


# The thread.


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
        now = now_ns()
        if now >= look_ns:
            look_ns = now + LOOK_NS
            if look(polls, now):
                busy_ns = now
        beating = beat(now, beat_ns != 0 and now >= beat_ns)
        if not beating:
            beat_ns = 0
        elif not beat_ns:
            beat_ns = now + NUDGE_NS
        elif now >= beat_ns:
            step = max(<int64_t> BEAT_NS, beating * <int64_t> BEATS_NS)
            beat_ns = max(beat_ns + step, now + step // 2)
        polls[0].fd, polls[0].events = relief.wake, POLLIN
        for at in range(count):
            polls[at + 1].fd = -1 if relief.lines[at].is_over else relief.lines[at].fd
            polls[at + 1].events = POLLIN
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
    for at in range(relief.count):
        line = relief.lines[at]
        polls[at].fd = -1 if line.is_over else line.fd
        polls[at].events = POLLIN
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


# The loop's side of it.


cdef Py_ssize_t MAX_BODY = MAX_BODY_BYTES


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
        relief.lines[relief.count] = line
        relief.count += 1
        if relief.count == 1:
            relief.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
            relief.pid, relief.is_ending = getpid(), False
            if relief.wake < 0 or pthread_create(&relief.thread, NULL, keep_watch, NULL):
                relief.count = 0
                raise OSError(errno, "no thread to read while the loop is busy")
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


@cython.final
cdef class Intake:
    """One connection: whole frames come in, bytes go out, and nothing here waits.

    `importance` ranks names of events; the lower go first when more than `limit_bytes` wait. The
    socket stays its owner's, and open until `close`. One thread calls, the loop's.
    """

    cdef Line line
    cdef FrameDecoder decoder
    cdef list names             # that `line.kinds` points into
    cdef bint is_enrolled
    cdef long long told_shed
    cdef readonly Py_ssize_t cut_bytes  # of the frames that the last `read` gave

    def __cinit__(self, int fd, importance=None, Py_ssize_t limit_bytes=BACKLOG_BYTES):
        cdef dict ranks = dict(importance or {})
        cdef bytes name
        self.line.bell = -1
        self.decoder = FrameDecoder()
        self.names = [str(kind).encode() for kind in sorted(ranks, key=ranks.__getitem__)]
        if len(self.names) >= MOST_KINDS:
            raise ValueError(f"{len(self.names)} kinds of events, {MOST_KINDS - 1} is the most")
        self.line.fd = fd
        self.line.limit = limit_bytes
        self.line.held = &self.decoder.held
        self.line.kinds_count = 1
        for name in self.names:
            self.line.kinds[self.line.kinds_count].name = name
            self.line.kinds[self.line.kinds_count].size = len(name)
            self.line.kinds_count += 1
        pthread_mutex_init(&self.line.lock, NULL)
        self.line.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
        if self.line.bell < 0:
            raise OSError(errno, "no eventfd")
        enrol(&self.line)
        self.is_enrolled = True

    def __dealloc__(self):
        self.close()

    def close(self):
        """The thread knows the socket no more."""
        if self.is_enrolled:
            leave(&self.line)
            self.is_enrolled = False
        if self.line.bell >= 0:
            close(self.line.bell)
            self.line.bell = -1

    def fileno(self):
        """Readable while bytes may wait in our own buffer."""
        return self.line.bell

    def read(self):
        """Frames that have come: of the backlog if there is one, else what the kernel has.

        Bounded, so that other connections have their turn: `fileno` stays readable while there may
        be more. Raises ProtocolError, after the frames before the fault.
        """
        cdef list frames = []   # while the lock is held nothing may start the collector
        cdef Frame frame = None
        cdef Buffer *held = self.line.held
        cdef Py_ssize_t was
        cdef int tries = TRIES
        self.cut_bytes = 0
        pthread_mutex_lock(&self.line.lock)
        try:
            if not self.line.is_rung:
                self._receive()
            was = held.end - held.start
            frame = self.decoder.next_frame()
            # The switch sends a head and its body one after the other.
            while frame is None and held.is_in_body and tries and not self.line.is_over:
                tries -= 1
                was += self._receive()
                frame = self.decoder.next_frame()
            while frame is not None:
                frames.append(frame)
                if len(frames) == MOST_FRAMES:
                    break
                frame = self.decoder.next_frame()
            self.cut_bytes = was - (held.end - held.start)
            self._ring(frame is not None)
        except ProtocolError:
            if not frames:
                raise
            self._ring(True)    # it is told next time
        finally:
            pthread_mutex_unlock(&self.line.lock)
        return frames

    cdef Py_ssize_t _receive(self) except -1:
        """How many bytes came."""
        cdef Buffer *held = self.line.held
        cdef Py_ssize_t got
        if self.line.is_over:
            return 0
        self.decoder.reserve(READ_BYTES)
        got = recv(self.line.fd, held.bytes + held.end, READ_BYTES, MSG_DONTWAIT)
        self.line.reads += 1
        if got > 0:
            held.end += got
            return got
        if got == 0:
            self.line.is_over = True
        elif errno != EAGAIN and errno != EINTR:
            self.line.is_over, self.line.error = True, errno
        return 0

    cdef void _ring(self, bint is_behind) noexcept:
        if is_behind and not self.line.is_rung:
            ring(self.line.bell)
        elif self.line.is_rung and not is_behind:
            unring(self.line.bell)
        self.line.is_rung = is_behind

    def send(self, bytes data not None):
        """How many bytes the kernel took. Of a broken connection the reader finds out."""
        cdef Py_ssize_t size = len(data), sent
        pthread_mutex_lock(&self.line.lock)
        sent = send(self.line.fd, <const char *> data, size, MSG_DONTWAIT | MSG_NOSIGNAL)
        if sent < 0:
            sent = 0 if errno == EAGAIN or errno == EINTR else size
        self.line.is_cutting = sent < size
        pthread_mutex_unlock(&self.line.lock)
        return sent

    def beat(self, bint is_waited_on):
        """A line feed every millisecond, or none."""
        if is_waited_on != self.line.is_waited_on:
            self.line.is_waited_on = is_waited_on
            if is_waited_on:
                ring(relief.wake)

    def nudge(self):
        """Something was asked for whose answer comes as an event: beat a few times."""
        if not self.line.is_waited_on:
            self.line.beat_until_ns = now_ns() + AFTER_NS
            self.line.is_owed = True
            ring(relief.wake)

    @property
    def is_behind(self):
        """Bytes may wait in our own buffer. Waits for the thread if it is just filling that."""
        cdef bint is_rung
        pthread_mutex_lock(&self.line.lock)
        is_rung = self.line.is_rung
        pthread_mutex_unlock(&self.line.lock)
        return is_rung

    @property
    def over(self):
        """Why no more will come; "" while more may."""
        if not self.line.is_over:
            return ""
        if not self.line.error:
            return "it closed the connection"
        return f"the connection broke: {strerror(self.line.error).decode()}"

    @property
    def waiting_bytes(self):
        cdef Py_ssize_t size
        pthread_mutex_lock(&self.line.lock)
        size = self.line.held.end - self.line.held.start
        pthread_mutex_unlock(&self.line.lock)
        return size

    def take_shed(self):
        """Events thrown away since this was last asked for."""
        cdef long long gone = self.line.shed - self.told_shed
        self.told_shed = self.line.shed
        return gone

    def counts(self):
        """Since the beginning: what the thread did here, and what was shed by name."""
        counts = {
            "late_reads": self.line.late_reads,
            "late_bytes": self.line.late_bytes,
            "beats": self.line.beats,
        }
        names = [b"other", *self.names]
        for at in range(self.line.kinds_count):
            if self.line.kinds[at].shed:
                counts[f"shed:{names[at].decode()}"] = self.line.kinds[at].shed
        return counts
