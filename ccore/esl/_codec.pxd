"""Layout of the compiled codec, for those who cimport it. The theory stands in _codec.pyx."""

from ccore.esl._buffer cimport Buffer


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
    cdef str _get(self, bytes name, str default)


cdef class Frame:
    cdef readonly bytes content_type
    cdef readonly bytes body
    cdef bytes block            # the head's lines


cdef class FrameDecoder:
    cdef Buffer held
    cdef Py_ssize_t max_head_bytes
    cdef Py_ssize_t max_body_bytes
    cdef int lent               # buffers given out and not back yet
    cdef bytes block            # the last head
    cdef bytes content_type     # of it
    cdef str broken             # None, or why nothing can follow

    cdef int reserve(self, Py_ssize_t size) except -1
    cdef Frame next_frame(self)
    cdef void _settle(self) noexcept
    cdef int _take_head(self) except -1
    cdef int _fail(self, str what) except -1
