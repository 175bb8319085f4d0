"""One connection as the event loop has it: whole frames come in, bytes go out.

Mostly the loop reads, which is cheapest. What it is late for a thread reads (`_relief`), into the
same buffer under the same lock, so none of it can be lost, doubled or change places.
"""

cimport cython
from cpython.exc cimport PyErr_SetFromErrno
from libc.errno cimport EAGAIN, EINTR, errno
from libc.string cimport strerror
from posix.unistd cimport close

from ccore.daemon._posix cimport (
    EFD_CLOEXEC,
    EFD_NONBLOCK,
    MSG_DONTWAIT,
    MSG_NOSIGNAL,
    eventfd,
    now_ns,
    pthread_mutex_init,
    pthread_mutex_lock,
    pthread_mutex_unlock,
    recv,
    ring,
    send,
    unring,
)
from ccore.daemon._relief cimport Line, enrol, leave, wake
from ccore.daemon._shed cimport MOST_KINDS
from ccore.esl._buffer cimport Buffer
from ccore.esl._codec cimport Frame, FrameDecoder

from ccore.errors import ProtocolError

__all__ = ["BACKLOG_BYTES", "Intake"]

cdef enum:
    READ_BYTES = 128 * 1024     # of one turn of the loop: twenty events, which stay in the cache
    MOST_FRAMES = 64            # of one turn
    TRIES = 16                  # to get the rest of a frame: some 10 us, a turn of the loop is 50
    AFTER_NS = 3_000_000        # how long a command is followed by beats

# About 10,000 events of a real switch, or a second and a half of all that one can say.
BACKLOG_BYTES = 64 * 1024 * 1024


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
            PyErr_SetFromErrno(OSError)
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
                wake()

    def nudge(self):
        """Something was asked for whose answer comes as an event: beat a few times."""
        if not self.line.is_waited_on:
            self.line.beat_until_ns = now_ns() + AFTER_NS
            self.line.is_owed = True
            wake()

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
