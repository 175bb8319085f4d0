"""Room for arrays that grow, on the borders of cache lines."""

from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

cdef extern from "stdlib.h" nogil:
    int posix_memalign(void **out, size_t alignment, size_t size)

cdef extern from *:
    """
    #define ccore_fetch(address) __builtin_prefetch(address)
    """
    void fetch "ccore_fetch"(const void *address) noexcept nogil


cdef inline int out_of_memory() except -1 with gil:
    raise MemoryError


cdef inline void *grown(void *old, size_t old_size, size_t new_size) except NULL nogil:
    """More room at another place; the new part is zero."""
    cdef void *new = NULL
    if posix_memalign(&new, 64, new_size) != 0:
        out_of_memory()
    if old_size:
        memcpy(new, old, old_size)
    free(old)
    memset(<char *>new + old_size, 0, new_size - old_size)
    return new
