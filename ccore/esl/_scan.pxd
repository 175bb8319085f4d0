"""Looking for lines, names and numbers in bytes; no Python object is touched here."""

from libc.string cimport memchr

cdef extern from *:
    """
    #include <string.h>
    #ifdef __SSE2__
    #include <immintrin.h>
    #endif

    /* What is looked for: a line that begins with `key`. Its bytes are compared only where a line
       feed is followed by `mark`, one of the line's bytes, at `gap` bytes. */
    typedef struct { const char *key; Py_ssize_t size; Py_ssize_t gap; char mark; } ccore_line;

    static inline int ccore_is_it(const char *p, const char *end, const ccore_line *line)
    {
        return (end - p > 1 && p[1] == 10)
            || (end - p > line->gap && p[line->gap] == line->mark && end - p > line->size
                && memcmp(p + 1, line->key, line->size) == 0);
    }

    static const char *ccore_scan_rest(const char *p, const char *end, const ccore_line *line)
    {
        for (; (p = (const char *)memchr(p, 10, end - p)) != NULL; p++)
            if (ccore_is_it(p, end, line))
                return p;
        return end;
    }

    #ifdef __SSE2__
    static const char *ccore_scan_16(const char *p, const char *end, const ccore_line *line)
    {
        const __m128i feeds = _mm_set1_epi8(10), marks = _mm_set1_epi8(line->mark);
        for (; end - p >= line->gap + 16; p += 16) {
            __m128i here = _mm_loadu_si128((const __m128i *)p);
            __m128i next = _mm_loadu_si128((const __m128i *)(p + 1));
            __m128i far = _mm_loadu_si128((const __m128i *)(p + line->gap));
            unsigned found = _mm_movemask_epi8(_mm_and_si128(
                _mm_cmpeq_epi8(here, feeds),
                _mm_or_si128(_mm_cmpeq_epi8(next, feeds), _mm_cmpeq_epi8(far, marks))));
            for (; found; found &= found - 1)
                if (ccore_is_it(p + __builtin_ctz(found), end, line))
                    return p + __builtin_ctz(found);
        }
        return ccore_scan_rest(p, end, line);
    }

    __attribute__((target("avx2")))
    static const char *ccore_scan_32(const char *p, const char *end, const ccore_line *line)
    {
        const __m256i feeds = _mm256_set1_epi8(10), marks = _mm256_set1_epi8(line->mark);
        for (; end - p >= line->gap + 32; p += 32) {
            __m256i here = _mm256_loadu_si256((const __m256i *)p);
            __m256i next = _mm256_loadu_si256((const __m256i *)(p + 1));
            __m256i far = _mm256_loadu_si256((const __m256i *)(p + line->gap));
            unsigned found = _mm256_movemask_epi8(_mm256_and_si256(
                _mm256_cmpeq_epi8(here, feeds),
                _mm256_or_si256(_mm256_cmpeq_epi8(next, feeds), _mm256_cmpeq_epi8(far, marks))));
            for (; found; found &= found - 1)
                if (ccore_is_it(p + __builtin_ctz(found), end, line))
                    return p + __builtin_ctz(found);
        }
        return ccore_scan_rest(p, end, line);
    }
    #endif

    /* The first line feed in [p, end) that has another one behind it, or the line; else `end`. */
    static const char *ccore_scan(const char *p, const char *end, const char *key,
                                  Py_ssize_t size, Py_ssize_t gap, char mark)
    {
        const ccore_line line = {key, size, gap, mark};
    #ifdef __SSE2__
        if (__builtin_cpu_supports("avx2"))
            return ccore_scan_32(p, end, &line);
        return ccore_scan_16(p, end, &line);
    #else
        return ccore_scan_rest(p, end, &line);
    #endif
    }
    """
    const char *scan "ccore_scan"(
        const char *, const char *, const char *, Py_ssize_t, Py_ssize_t, char
    ) noexcept nogil

cdef enum:
    LINE_FEED = 10
    COLON = 58
    PERCENT = 37
    MOST_DIGITS = 18            # of a number: what fits 64 bits whatever the digits


cdef inline int hex_digit(unsigned char c) noexcept nogil:
    if 48 <= c <= 57:
        return c - 48
    c |= 32
    if 97 <= c <= 102:
        return c - 87
    return -1


cdef inline Py_ssize_t percent_decode(const char *raw, Py_ssize_t size, char *out) noexcept nogil:
    """Two hexadecimal digits behind a per cent sign are a byte; any other sign is itself."""
    cdef Py_ssize_t at = 0, to = 0
    cdef int high, low
    while at < size:
        if raw[at] == PERCENT and at + 2 < size:
            high, low = hex_digit(raw[at + 1]), hex_digit(raw[at + 2])
            if high >= 0 and low >= 0:
                out[to] = <char> (high * 16 + low)
                to += 1
                at += 3
                continue
        out[to] = raw[at]
        to += 1
        at += 1
    return to


cdef inline const char *line_end(const char *at, const char *end) noexcept nogil:
    cdef const char *found = <const char *> memchr(at, LINE_FEED, end - at)
    return end if found == NULL else found


cdef inline const char *name_end(const char *at, const char *end) noexcept nogil:
    """The first colon with a space behind it in this line; NULL if there is none."""
    while True:
        at = <const char *> memchr(at, COLON, end - at)
        if at == NULL or (end - at > 1 and at[1] == b" "):
            return at
        at += 1


cdef inline long long number(const char *at, const char *end) noexcept nogil:
    """-1 if these bytes are no number."""
    cdef long long value = 0
    if at == end or end - at > MOST_DIGITS:
        return -1
    while at < end:
        if not 48 <= at[0] <= 57:
            return -1
        value = value * 10 + (at[0] - 48)
        at += 1
    return value


cdef inline bint is_space(char c) noexcept nogil:
    return c == 32 or 9 <= c <= 13
