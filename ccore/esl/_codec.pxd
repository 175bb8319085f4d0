"""Layout of the compiled codec, for those who cimport it. The theory stands in _codec.pyx."""


cdef class EventView:
    cdef readonly bytes raw
    cdef const char *first      # of raw
    cdef const char *end        # behind its last
    cdef dict told              # of a JSON event; None: not read yet, or a plain one
    cdef str told_body
    cdef bint is_json

    cdef void _set(self, bytes raw, bint is_json) noexcept
    cdef const char *_line(self, const char *at, const char *key, Py_ssize_t size) noexcept nogil
    cdef const char *_head_end(self) noexcept nogil
    cdef dict _told(self)


cdef class Frame:
    cdef readonly bytes content_type
    cdef readonly bytes body
    cdef bytes block            # the head's lines


cdef class FrameDecoder:
    cdef char *buffer
    cdef Py_ssize_t capacity
    cdef Py_ssize_t start       # of the bytes not taken yet
    cdef Py_ssize_t end
    cdef Py_ssize_t scanned     # a head's end is not before this
    cdef Py_ssize_t body_bytes  # still to come for the head in `block`
    cdef Py_ssize_t max_head_bytes
    cdef Py_ssize_t max_body_bytes
    cdef int lent               # buffers given out and not back yet
    cdef bytes block            # None: the next bytes are a head
    cdef bytes content_type
    cdef str broken             # None, or why nothing can follow

    cdef int _reserve(self, Py_ssize_t size) except -1
    cdef int _take_head(self) except -1
    cdef int _read_head(self, const char *at, const char *end) except -1
    cdef int _fail(self, str what) except -1
