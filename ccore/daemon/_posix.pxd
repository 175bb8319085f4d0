"""What the reader's thread needs of the system; no Python object is touched here."""

from libc.stdint cimport int64_t, uint64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec
from posix.unistd cimport read, write

cdef extern from "<pthread.h>" nogil:
    ctypedef unsigned long pthread_t
    ctypedef struct pthread_mutex_t:
        pass
    int pthread_create(pthread_t *, void *, void *(*)(void *) noexcept nogil, void *)
    int pthread_join(pthread_t, void **)
    pthread_t pthread_self()
    int pthread_getschedparam(pthread_t, int *, sched_param *)
    int pthread_setschedparam(pthread_t, int, const sched_param *)
    int pthread_mutex_init(pthread_mutex_t *, void *)
    int pthread_mutex_lock(pthread_mutex_t *)
    int pthread_mutex_trylock(pthread_mutex_t *)
    int pthread_mutex_unlock(pthread_mutex_t *)

cdef extern from "<signal.h>" nogil:
    ctypedef struct sigset_t:
        pass
    enum:
        SIG_BLOCK
    int sigfillset(sigset_t *)
    int pthread_sigmask(int, const sigset_t *, sigset_t *)

cdef extern from "<sys/resource.h>" nogil:
    struct rlimit:
        unsigned long rlim_cur
    enum:
        RLIMIT_RTPRIO
    int getrlimit(int, rlimit *)

cdef extern from "<sched.h>" nogil:
    struct sched_param:
        int sched_priority
    enum:
        SCHED_OTHER
        SCHED_FIFO

cdef extern from "<sys/socket.h>" nogil:
    enum:
        MSG_DONTWAIT
        MSG_NOSIGNAL
    ssize_t recv(int, void *, size_t, int)
    ssize_t send(int, const void *, size_t, int)

cdef extern from "<sys/eventfd.h>" nogil:
    enum:
        EFD_CLOEXEC
        EFD_NONBLOCK
    int eventfd(unsigned int, int)

cdef extern from "<poll.h>" nogil:
    struct pollfd:
        int fd
        short events
        short revents
    enum:
        POLLIN
    int poll(pollfd *, unsigned long, int)
    int ppoll(pollfd *, unsigned long, const timespec *, void *)

cdef enum:
    URGENCY = 2                 # FreeSWITCH gives itself SCHED_FIFO 1


cdef inline int64_t now_ns() noexcept nogil:
    cdef timespec at
    clock_gettime(CLOCK_MONOTONIC, &at)
    return <int64_t> at.tv_sec * 1_000_000_000 + at.tv_nsec


cdef inline void ring(int bell) noexcept nogil:
    cdef uint64_t one = 1
    write(bell, &one, sizeof(one))


cdef inline void unring(int bell) noexcept nogil:
    cdef uint64_t count
    read(bell, &count, sizeof(count))


cdef inline void be_urgent() noexcept nogil:
    """As urgent as the switch's own threads, where that is granted; it works for microseconds.

    Not tried elsewhere: a service's filter of system calls may kill who tries.
    """
    cdef int policy
    cdef sched_param urgency
    cdef rlimit granted
    if getrlimit(RLIMIT_RTPRIO, &granted) or granted.rlim_cur < URGENCY:
        return
    if pthread_getschedparam(pthread_self(), &policy, &urgency) == 0 and policy == SCHED_OTHER:
        urgency.sched_priority = URGENCY
        pthread_setschedparam(pthread_self(), SCHED_FIFO, &urgency)
