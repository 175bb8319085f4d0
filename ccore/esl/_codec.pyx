"""The event socket's codec, compiled: the same answers as the plain twin in `frames`.

Frames are cut out of one growing buffer; an event is one copy of its bytes and nothing else until
somebody asks for a header. A header is then looked for in those bytes: a line feed, and a colon as
far behind it as the name is long, is tested for 16 or 32 places at a time, so the lines between are
not looked at (`_scan`). Only what is found is decoded.

The buffer (`_buffer`) does not move while it is lent out. No clock, no I/O, no locks: one owner.
"""

cimport cython
from cpython.buffer cimport (
    PyBUF_SIMPLE,
    PyBuffer_FillInfo,
    PyBuffer_Release,
    PyObject_GetBuffer,
)
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcmp, memcpy

from ccore.esl._buffer cimport Buffer, Head, head_end, make_room, read_head
from ccore.esl._scan cimport (
    COLON,
    LINE_FEED,
    PERCENT,
    line_end,
    name_end,
    number,
    percent_decode,
    scan,
)

from ccore.errors import ProtocolError
from ccore.esl.json_event import ARRAY, BETWEEN, read_json
from ccore.esl.limits import MAX_BODY_BYTES, MAX_HEAD_BYTES, READ_BYTES

__all__ = ["EventView", "Frame", "FrameDecoder"]

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char *, Py_ssize_t, const char *)

cdef enum:
    ON_STACK = 512              # a longer value is decoded on the heap
    KEPT_ROOM = 1024 * 1024     # a buffer grown beyond this is given back once it is empty

cdef bytes LENGTH = b"Content-Length: "
cdef bytes VARIABLE = b"variable_ccore_"


cdef inline str utf8(const char *raw, Py_ssize_t size):
    return PyUnicode_DecodeUTF8(raw, size, "surrogateescape")


cdef str text(const char *raw, Py_ssize_t size):
    cdef char near[ON_STACK]
    cdef char *out = near
    if memchr(raw, PERCENT, size) == NULL:
        return utf8(raw, size)
    near[0] = 0
    if size > ON_STACK:
        out = <char *> malloc(size)
        if out == NULL:
            raise MemoryError
    try:
        return utf8(out, percent_decode(raw, size, out))
    finally:
        if out != near:
            free(out)


@cython.final
@cython.no_gc
@cython.freelist(256)
cdef class EventView:
    """An event's bytes, whose headers are found and decoded only when asked for."""

    def __init__(self, bytes raw not None, bint is_json=False):
        self._set(raw, is_json)

    cdef void _set(self, bytes raw, bint is_json) noexcept:
        self.raw = raw
        self.first = PyBytes_AS_STRING(raw)
        self.end = self.first + PyBytes_GET_SIZE(raw)
        self.is_json = is_json
        self.told = None

    cdef const char *_line(self, const char *at, const char *key, Py_ssize_t size) noexcept nogil:
        """The first line at or behind `at` (a line's begin or its feed) that begins with key, or
        NULL. The key's last but one byte is what is searched by: the colon behind a name."""
        cdef const char *raw = self.first
        cdef const char *end = self.end
        if at == raw and end - raw >= size and memcmp(raw, key, size) == 0:
            return raw
        at = scan(at, end, key, size, size - 1, key[size - 2])
        if end - at <= 1 or at[1] == LINE_FEED:
            return NULL
        return at + 1

    cdef const char *_head_end(self) noexcept nogil:
        """The line feed that ends the last header line."""
        cdef const char *at = self.first
        cdef const char *end = self.end
        return scan(at, end, at, 0, 1, LINE_FEED)

    cdef dict _told(self):
        if self.told is None:
            self.told, self.told_body = read_json(self.raw)
        return self.told

    def get(self, bytes name not None, str default=""):
        """The value of the first header of that name."""
        return self._get(name, default)

    def values(self, tuple names not None):
        """Of several names, "" for those that are missing: quicker than one by one."""
        cdef list found = []
        cdef bytes name
        for name in names:
            if name is None:
                raise TypeError("a name is bytes")
            found.append(self._get(name, ""))
        return tuple(found)

    cdef str _get(self, bytes name, str default):
        cdef const char *raw = self.first
        cdef const char *end = self.end
        cdef const char *wanted = PyBytes_AS_STRING(name)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(name)
        cdef const char *at = raw
        if self.is_json:
            return self._told().get(utf8(wanted, size), default)
        # As `_line`, without making a key of the name.
        if end - raw < size + 2 or memcmp(raw, wanted, size) or raw[size] != COLON \
                or raw[size + 1] != b" ":
            while True:
                at = scan(at, end, wanted, size, size + 1, COLON)
                if end - at <= 1 or at[1] == LINE_FEED:
                    return default
                at += 1
                if end - at >= size + 2 and at[size + 1] == b" ":
                    break
        at += size + 2
        return text(at, line_end(at, end) - at)

    def int(self, bytes name not None):
        """A header as a number; 0 if there is none, or it is none."""
        cdef bytes value = self.get(name).encode("utf-8", "surrogateescape")
        cdef const char *at = PyBytes_AS_STRING(value)
        return max(0, number(at, at + PyBytes_GET_SIZE(value)))

    def array(self, bytes name not None):
        """The values of a header that has several; a single value as a list of one."""
        cdef str value = self.get(name)
        if value.startswith(ARRAY):
            return value[len(ARRAY):].split(BETWEEN)
        return [value] if value else []

    def headers(self):
        """All headers, decoded; the first of a name wins."""
        if self.is_json:
            return dict(self._told())
        cdef dict found = {}
        cdef const char *at = self.first
        cdef const char *end = self._head_end()
        cdef const char *stop
        cdef const char *colon
        while at < end:
            stop = line_end(at, end)
            colon = name_end(at, stop)
            if colon != NULL:
                found.setdefault(utf8(at, colon - at), text(colon + 2, stop - colon - 2))
            at = stop + 1
        return found

    def ccore_variables(self):
        """The channel's `ccore_*` variables, without that prefix."""
        cdef dict found = {}
        cdef const char *key = PyBytes_AS_STRING(VARIABLE)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(VARIABLE)
        cdef const char *at = self.first
        cdef const char *end = self.end
        cdef const char *stop
        cdef const char *colon
        if self.is_json:
            for name, value in self._told().items():
                if name.startswith("variable_ccore_"):
                    found[name[size:]] = value
            return found
        at = self._line(at, key, size)
        while at != NULL:
            at += size
            stop = line_end(at, end)
            colon = name_end(at, stop)
            if colon == NULL:
                found.setdefault(utf8(at, stop - at), "")
            else:
                found.setdefault(utf8(at, colon - at), text(colon + 2, stop - colon - 2))
            if stop == end:
                break
            at = self._line(stop, key, size)
        return found

    @property
    def body(self):
        """The inner body (result of a background job); "" if there is none."""
        if self.is_json:
            self._told()
            return self.told_body
        cdef const char *raw = self.first
        cdef const char *end = self.end
        cdef const char *key = PyBytes_AS_STRING(LENGTH)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(LENGTH)
        cdef const char *last = NULL
        cdef const char *at = self._line(raw, key, size)
        while at != NULL:
            last = at + size
            at = self._line(line_end(last, end), key, size)
        if last == NULL:
            return ""
        cdef long long length = number(last, line_end(last, end))
        at = self._head_end()
        if length <= 0 or end - at <= 2:
            return ""
        return utf8(at + 2, min(length, end - at - 2))


@cython.final
@cython.no_gc
@cython.freelist(64)
cdef class Frame:
    """One outer frame. `head` maps header names to undecoded values; the first of a name wins."""

    @property
    def head(self):
        cdef dict found = {}
        cdef bytes line, name, colon, value
        for line in self.block.split(b"\n"):
            name, colon, value = line.partition(b": ")
            if not colon:
                name, _, value = line.partition(b":")
            found.setdefault(name, value.strip())
        return found

    @property
    def reply(self):
        cdef bytes value = self.head.get(b"Reply-Text", b"")
        return text(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))

    def event(self):
        """What a frame of an event holds. The outer head alone says how it is written."""
        cdef EventView view = EventView.__new__(EventView)
        view._set(self.body, self.content_type == b"text/event-json")
        return view


@cython.final
@cython.no_gc
cdef class FrameDecoder:
    """Feed bytes as they come; whole frames come out, in order.

    Raises ProtocolError for bytes that can be no frame; the decoder is of no use afterwards.
    Memory is bounded by max_head_bytes + max_body_bytes beside what one `feed` brings, if the
    frames of each are taken.
    """

    def __cinit__(
        self,
        Py_ssize_t max_head_bytes=MAX_HEAD_BYTES,
        Py_ssize_t max_body_bytes=MAX_BODY_BYTES,
    ):
        self.max_head_bytes = max_head_bytes
        self.max_body_bytes = max_body_bytes
        self.content_type = b""

    def __dealloc__(self):
        free(self.held.bytes)

    def __getbuffer__(self, Py_buffer *lent, int flags):
        cdef Buffer *held = &self.held
        PyBuffer_FillInfo(lent, self, held.bytes + held.end, held.capacity - held.end, 0, flags)
        self.lent += 1

    def __releasebuffer__(self, Py_buffer *lent):
        self.lent -= 1

    cdef int reserve(self, Py_ssize_t size) except -1:
        """Room for so many bytes behind those that wait."""
        if self.held.capacity - self.held.end >= size:
            return 0
        if self.lent:
            raise BufferError("the room given out before is still held")
        # Never beyond what one frame and this piece can need.
        if not make_room(&self.held, size, self.max_head_bytes + self.max_body_bytes + size):
            raise MemoryError
        return 0

    @property
    def held_bytes(self):
        """The buffer's size."""
        return self.held.capacity

    def feed(self, data):
        """Frames that these bytes complete. Those not taken come with the next."""
        cdef Py_buffer view
        if self.broken is not None:
            return self
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            self.reserve(view.len)
            memcpy(self.held.bytes + self.held.end, view.buf, view.len)
            self.held.end += view.len
        finally:
            PyBuffer_Release(&view)
        return self

    def room(self, Py_ssize_t size=READ_BYTES):
        """Where a socket may put bytes itself, such as `n = sock.recv_into(decoder.room())`."""
        self.reserve(size)
        return self

    def filled(self, Py_ssize_t size):
        """As `feed`, of the first bytes of what `room` gave."""
        if not 0 <= size <= self.held.capacity - self.held.end:
            raise ValueError("more bytes than there was room for")
        self.held.end += size
        return self

    def __iter__(self):
        return self

    def __next__(self):
        cdef Frame frame = self.next_frame()
        if frame is None:
            raise StopIteration
        return frame

    cdef Frame next_frame(self):
        """None if no whole frame is there. Raises ProtocolError."""
        cdef Frame frame
        cdef Buffer *held = &self.held
        if self.broken is not None:
            raise ProtocolError(what=self.broken)
        if not held.is_in_body and not self._take_head():
            self._settle()
            return None
        if held.end - held.start < held.body_bytes:
            return None
        frame = Frame.__new__(Frame)
        frame.block = self.block
        frame.content_type = self.content_type
        frame.body = PyBytes_FromStringAndSize(held.bytes + held.start, held.body_bytes)
        held.start += held.body_bytes
        held.scanned = held.start
        held.is_in_body = False
        return frame

    cdef void _settle(self) noexcept:
        """Nothing waits: begin at the front again, and keep no large buffer for it."""
        cdef Buffer *held = &self.held
        if held.start < held.end or self.lent:
            return
        held.start = held.end = held.scanned = 0
        if held.capacity > KEPT_ROOM:
            free(held.bytes)
            held.bytes = NULL
            held.capacity = 0

    cdef int _take_head(self) except -1:
        """1 if a whole head has come."""
        cdef Buffer *held = &self.held
        cdef const char *at = head_end(held)
        cdef const char *begin = held.bytes + held.start
        cdef Py_ssize_t size = held.end - held.start if at == NULL else at - begin
        cdef Head head
        # Unfinished it has one byte of leeway: the first of the two line feeds that end it.
        if size > self.max_head_bytes + (at == NULL):
            self._fail(f"a head beyond {self.max_head_bytes} bytes")
        if at == NULL:
            return 0
        read_head(begin, at, self.max_body_bytes, &head)
        if head.fault != NULL and head.is_length:
            self._fail(f"Content-Length {head.fault[:min(20, head.fault_size)]!r}")
        if head.fault != NULL:
            self._fail(f"the header line {head.fault[:min(60, head.fault_size)]!r}")
        if head.kind == NULL:
            self.content_type = b""
        elif head.kind_size != PyBytes_GET_SIZE(self.content_type) or memcmp(
            head.kind, PyBytes_AS_STRING(self.content_type), head.kind_size
        ):
            self.content_type = head.kind[: head.kind_size]     # mostly the last one's again
        self.block = PyBytes_FromStringAndSize(begin, size)
        held.body_bytes = head.body_bytes
        held.is_in_body = True
        held.start += size + 2
        held.scanned = held.start
        return 1

    cdef int _fail(self, str what) except -1:
        self.broken = what
        self.held.start = self.held.end = self.held.scanned = 0
        raise ProtocolError(what=what)
