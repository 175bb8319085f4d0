"""The routing engine for those who cimport it; its calls without Python objects are Engine's."""

from libc.stdint cimport int64_t

from ccore.engine._engine cimport Engine


cdef class Match:
    cdef readonly int64_t call
    cdef readonly int64_t agent
    cdef readonly str rule
    cdef readonly int64_t candidates
    cdef readonly int64_t waited_us
    cdef readonly int64_t step
    cdef readonly int64_t runner_up
    cdef readonly str decided_by


cdef class Router(Engine):
    pass
