"""One pass over contacts as they lie in the file: integer sums per group.

A group is a place in time and an id: `places` says for each quarter hour where in time it belongs
(every zone and interval is made of whole quarter hours), the id is a field of the row, such as its
queue. The sums of a group lie side by side, so a row touches two lines of its own and three of its
group's.

A row whose number is 0 is a block's head and is passed over: a whole file can be given as one
array. A row outside the quarter hours or ids that there is room for ends the pass; the caller
makes room and goes on there. No Python object is touched inside: passes run on threads side by
side.

The plain twin is `ccore.kpi.passes.add_contacts`; a test holds the two equal.
"""

__all__ = ["BUCKETS_PER_GROUP", "COLUMNS", "ROW_BYTES", "contacts"]

cdef extern from *:
    """
    #define ccore_leading_zeros __builtin_clz
    #define ccore_prefetch __builtin_prefetch
    """
    void prefetch "ccore_prefetch"(const void *) noexcept nogil
    int leading_zeros "ccore_leading_zeros"(unsigned int) noexcept nogil

cdef enum:
    QUARTER_US = 900_000_000
    NONE_MS = 0xFFFF_FFFF
    OUTCOME_IVR = 5             # model.Outcome.IVR
    OUTCOME_CALLBACK = 11       # model.Outcome.CALLBACK
    HIT_LAST_AGENT = 0x04       # cdr.layout.Flag, from here on
    WAS_AWAY = 0x08
    OFFERED_CALLBACK = 0x10
    ASKED = 0x20
    SELDOM = 0x3C               # all of these
    # Rows fetched beforehand, 3 kB: past the end of a memory page, where the processor's own
    # prefetching stops. It is a hint: an address behind the last row does no harm.
    AHEAD = 32
    BUCKETS = 64 * 27           # of ccore.kpi.histogram

COLUMNS = WIDTH
BUCKETS_PER_GROUP = BUCKETS
ROW_BYTES = sizeof(Contact)


cdef inline int bucket(uint32_t ms) noexcept nogil:
    if ms < 128:
        return <int>ms
    cdef int shift = 25 - leading_zeros(ms)
    return 64 * shift + <int>(ms >> shift)


cdef void add_seldom(const Contact *row, int64_t *line) noexcept nogil:
    """What few contacts have."""
    line[LAST_AGENT_HITS] += (row.flags & HIT_LAST_AGENT) != 0
    line[RECOVERED] += (row.flags & WAS_AWAY) != 0
    line[CALLBACK_OFFERED] += (row.flags & OFFERED_CALLBACK) != 0
    line[SURVEY_ASKED] += (row.flags & ASKED) != 0
    line[RELAXED] += row.step > 0
    line[SURVEYED] += row.survey > 0
    line[SURVEY_TOP] += row.survey >= 4
    line[SURVEY_POINTS] += row.survey


cdef Py_ssize_t add_rows(
    const Contact *rows, Py_ssize_t count, const Wanted *wanted, int64_t *sums, uint32_t *waits
) noexcept nogil:
    """Add `count` rows; the number of rows that were added or passed over."""
    cdef Wanted want = wanted[0]
    cdef const Contact *row
    cdef int64_t *line
    cdef Py_ssize_t place
    cdef int64_t at_us, quarter, ident, group
    cdef uint32_t wait
    cdef uint8_t part
    for place in range(count):
        row = &rows[place]
        prefetch(row + AHEAD)
        prefetch(&row[AHEAD].called)  # in the row's other line
        if row.seq == 0:
            continue
        at_us = row.arrived_us if want.at_us == NULL else want.at_us[place]
        if at_us < 0:
            return place
        quarter = at_us // QUARTER_US - want.first
        if quarter < 0 or quarter >= want.quarters:
            return place
        group = want.places[quarter]
        if want.field_bytes:
            if want.field_bytes == 2:
                ident = (<const uint16_t *>(<const uint8_t *>row + want.field))[0]
            else:
                ident = (<const uint8_t *>row + want.field)[0]
            if ident >= want.ids:
                return place
            group = group * want.ids + ident
        line = sums + group * WIDTH
        wait = row.wait_ms
        part = want.parts[2 * row.outcome + (row.queued_ms != NONE_MS)]
        line[ATTEMPTS] += 1
        line[ANSWERED + part] += 1
        line[ENTERED_IVR] += (row.ivr_ms > 0) | (row.outcome == OUTCOME_IVR)
        if (row.flags & SELDOM) | row.step | row.survey:
            add_seldom(row, line)
        if part == 0:
            line[ANSWERED_IN] += wait <= want.threshold_ms
            line[HELD] += row.hold_ms > 0
            line[TRANSFERRED] += row.transfers > 0
            line[WAIT_ANSWERED_MS] += wait
            line[RING_MS] += row.ring_ms
            line[TALK_MS] += row.talk_ms
            line[HOLD_MS] += row.hold_ms
            if wait > line[LONGEST_ANSWERED_MS]:
                line[LONGEST_ANSWERED_MS] = wait
            if waits != NULL:
                waits[group * BUCKETS + bucket(wait)] += 1
        elif part == 1:
            line[ABANDONED_IN] += wait <= want.threshold_ms
            line[WAIT_ABANDONED_MS] += wait
            if wait <= want.short_ms:
                line[ABANDONED_SHORT] += 1
                line[WAIT_SHORT_MS] += wait
        elif part == 2:
            line[WAIT_FLOWOUT_MS] += wait
            if row.outcome == OUTCOME_CALLBACK:
                line[CALLBACKS] += 1
                line[CALLBACKS_IN] += wait <= want.threshold_ms
        else:
            continue
        if wait > line[LONGEST_MS]:
            line[LONGEST_MS] = wait
    return count


def contacts(
    const Contact[::1] rows,
    const int64_t[::1] at_us,
    const uint8_t[::1] parts,
    const uint32_t[::1] places,
    int64_t first,
    Py_ssize_t field,
    int field_bytes,
    int64_t ids,
    uint32_t threshold_ms,
    uint32_t short_ms,
    int64_t[:, ::1] sums,
    uint32_t[::1] waits,
):
    """Add rows to `sums`, and answered waits to `waits` if given; how many rows were taken.

    Beyond what is asked here, sizes are the caller's: a line of `sums` for each place and id.
    """
    cdef Wanted wanted
    cdef Py_ssize_t taken, place
    cdef int64_t groups = 0
    if rows.shape[0] == 0:
        return 0
    for place in range(places.shape[0]):
        groups = max(groups, <int64_t>places[place] + 1)
    if field_bytes:
        groups *= ids
    if parts.shape[0] != 512 or field_bytes not in (0, 1, 2):
        raise ValueError("512 parts and a field of 0, 1 or 2 bytes are needed")
    if not 0 <= field <= <Py_ssize_t>sizeof(Contact) - field_bytes:
        raise ValueError("the field lies outside the row")
    if sums.shape[1] != WIDTH or sums.shape[0] < groups or groups == 0:
        raise ValueError("sums are too small")
    if at_us is not None and at_us.shape[0] != rows.shape[0]:
        raise ValueError("a moment for each row is needed")
    if waits is not None and waits.shape[0] < groups * BUCKETS:
        raise ValueError("waits are too small")
    for place in range(512):
        if parts[place] > 9:
            raise ValueError("there is no such part")
    wanted.parts = &parts[0]
    wanted.at_us = NULL if at_us is None else &at_us[0]
    wanted.places = &places[0]
    wanted.first = first
    wanted.quarters = places.shape[0]
    wanted.ids = ids
    wanted.field = field
    wanted.field_bytes = field_bytes
    wanted.threshold_ms = threshold_ms
    wanted.short_ms = short_ms
    with nogil:
        taken = add_rows(
            &rows[0], rows.shape[0], &wanted, &sums[0, 0], NULL if waits is None else &waits[0]
        )
    return taken
