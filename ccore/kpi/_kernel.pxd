"""The layout of a contact's row; held against ccore.cdr.layout by a test."""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef packed struct Contact:
    uint32_t seq
    uint64_t contact_hi
    uint64_t contact_lo
    int64_t arrived_us
    uint32_t length_ms
    uint32_t queued_ms
    uint32_t answered_ms
    uint32_t ivr_ms
    uint32_t wait_ms
    uint32_t ring_ms
    uint32_t talk_ms
    uint32_t hold_ms
    uint32_t calling
    uint32_t calling_name
    uint32_t called
    uint32_t recording
    uint16_t queue
    uint16_t agent
    uint16_t entry
    uint16_t cause
    int16_t priority
    uint8_t site
    uint8_t tenant
    uint8_t node
    uint8_t language
    uint8_t offers
    uint8_t transfers
    uint8_t outcome
    uint8_t step
    uint8_t survey
    uint8_t flags


cdef enum:                  # of the sums; the order of ccore.kpi.sums.Sums
    ATTEMPTS
    ANSWERED                # and after it the other parts, in the order of their codes
    ABANDONED
    FLOWOUT
    IVR
    BLOCKED
    CLOSED
    FORCED
    FAILED
    MESSAGES
    ROUTED
    ANSWERED_IN
    ABANDONED_IN
    ABANDONED_SHORT
    ENTERED_IVR
    HELD
    TRANSFERRED
    CALLBACKS
    CALLBACKS_IN
    CALLBACK_OFFERED
    LAST_AGENT_HITS
    RELAXED
    RECOVERED
    SURVEY_ASKED
    SURVEYED
    SURVEY_TOP
    SURVEY_POINTS
    EXPERT                  # needs names: filled by others
    WAIT_ANSWERED_MS
    WAIT_ABANDONED_MS
    WAIT_SHORT_MS
    WAIT_FLOWOUT_MS
    RING_MS
    TALK_MS
    HOLD_MS
    LONGEST_ANSWERED_MS
    LONGEST_MS
    WIDTH


cdef struct Wanted:
    const uint8_t *parts    # part of the counting model by outcome and whether it was queued
    const int64_t *at_us    # moment that counts, row by row; NULL: the arrival
    const uint32_t *places  # place in time of each quarter hour since `first`
    int64_t first
    int64_t quarters
    int64_t ids             # bound of the field's ids
    Py_ssize_t field        # offset of the field in a row
    int field_bytes         # 0: not grouped by a field
    uint32_t threshold_ms
    uint32_t short_ms


cdef Py_ssize_t add_rows(
    const Contact *rows, Py_ssize_t count, const Wanted *wanted, int64_t *sums, uint32_t *waits
) noexcept nogil
