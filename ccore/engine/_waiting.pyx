"""Calls that wait or are reserved, and which is the best of them for an agent.

A call's score is `credit + weight * (now - entered)`, times its queue's weight, plus its queue's
credit. Between two calls of one need and one weight the difference does not depend on `now`, nor on
the queue: such calls stand in a *line* whose order never changes, and only the heads of lines have
to be compared when an agent asks. A line is a sorted row, so a call's place in it is found by
halving. Scores are exact integers, weights being millionths, so that the plain twin makes the same
choices and not almost the same.

Calls that wait for one agent alone hang on that agent. They stand in lines too, aside, for the sake
of places in the queue.
"""

from libc.stdint cimport uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from ccore.engine._idle cimport Profile
from ccore.engine._matching cimport NONE
from ccore.engine._memory cimport grown
from ccore.engine._row cimport row_add, row_at, row_free, row_remove

from ccore.engine import faults

cdef enum:
    FIRST_ROOM = 64
    MILLION = 1_000_000


cdef inline int32_t home(int64_t call, int32_t room) noexcept nogil:
    """Where a call is looked for first in a table of so many places, a power of two.

    Scattered (by the golden ratio: D. Knuth, The Art of Computer Programming 3, 6.4), since calls
    side by side would have to be walked over by whoever takes one out of their middle.
    """
    return <int32_t>((<uint64_t>call * <uint64_t>0x9E3779B97F4A7C15ULL >> 32) & (room - 1))


cdef inline wide own_score(const Call *call, int64_t now_us) noexcept nogil:
    cdef wide waited = <wide>now_us - <wide>call.entered_us
    return <wide>call.credit_us * <wide>MILLION + <wide>call.weight * waited


cdef bint in_line(const void *of, int32_t a, int32_t b) noexcept nogil:
    """Calls of one weight: the same at any time."""
    cdef const Call *x = &(<const Call *>of)[a]
    cdef const Call *y = &(<const Call *>of)[b]
    cdef wide x_score, y_score
    if x.priority != y.priority:
        return x.priority > y.priority
    if x.credit_us != y.credit_us:
        x_score, y_score = own_score(x, 0), own_score(y, 0)
        if x_score != y_score:
            return x_score > y_score
    if x.entered_us != y.entered_us:
        return x.entered_us < y.entered_us
    return x.turn < y.turn


cdef bint due_before(const void *of, int32_t a, int32_t b) noexcept nogil:
    cdef const Call *x = &(<const Call *>of)[a]
    cdef const Call *y = &(<const Call *>of)[b]
    if x.stand.due_us != y.stand.due_us:
        return x.stand.due_us < y.stand.due_us
    return x.turn < y.turn


cdef inline int parted(const Standing *x, const Standing *y) noexcept nogil:
    """What tells two calls apart: above 0 if x is the better, below if y is."""
    if x.turn != y.turn:
        return BY_TURN if x.turn < y.turn else -BY_TURN
    if x.priority != y.priority:
        return BY_PRIORITY if x.priority > y.priority else -BY_PRIORITY
    if x.score != y.score:
        return BY_SCORE if x.score > y.score else -BY_SCORE
    if x.entered_us != y.entered_us:
        return BY_ENTERED if x.entered_us < y.entered_us else -BY_ENTERED
    return BY_TOLD if x.turn_told < y.turn_told else -BY_TOLD


cdef inline bint rank(Standing *top, const Standing *one) noexcept nogil:
    """Keep the best two; is it the best?"""
    if top[0].slot == NONE or parted(one, &top[0]) > 0:
        top[1] = top[0]
        top[0] = one[0]
        return True
    if top[1].slot == NONE or parted(one, &top[1]) > 0:
        top[1] = one[0]
    return False


cdef class Waiting:
    def __cinit__(self):
        self.unused_line = self.unused_call = NONE

    def __dealloc__(self):
        cdef int32_t i
        for i in range(self.lines_room):
            row_free(&self.lines[i].row)
        free(self.lines)
        free(self.calls)
        free(self.of_need)
        free(self.table)
        row_free(&self.leases)

    # Ids

    cdef int32_t find(self, int64_t call) noexcept nogil:
        """The slot of a call, or NONE."""
        cdef int32_t place, slot
        if self.table_room == 0:
            return NONE
        place = home(call, self.table_room)
        while True:
            slot = self.table[place]
            if slot == NONE or self.calls[slot].id == call:
                return slot
            place = (place + 1) & (self.table_room - 1)

    cdef int32_t known(self, int64_t call) except -1:
        cdef int32_t slot = self.find(call)
        if slot == NONE:
            raise faults.no_call(call)
        return slot

    cdef int32_t add(self, int64_t call, int32_t need) except -1 nogil:
        """A slot for a new call, all zero but these and its id."""
        cdef int32_t slot, place
        if self.unused_call == NONE:
            self._more_calls()
        if need >= self.needs_room:
            self._more_needs(need)
        slot = self.unused_call
        self.unused_call = self.calls[slot].agent
        self.calls[slot].id = call
        self.calls[slot].need = need
        self.calls[slot].agent = NONE
        place = home(call, self.table_room)
        while self.table[place] != NONE:
            place = (place + 1) & (self.table_room - 1)
        self.table[place] = slot
        self.held += 1
        return slot

    cdef void forget(self, int32_t slot) noexcept nogil:
        """Out of the table; those behind it close up, so that none is looked for in vain."""
        cdef int32_t mask = self.table_room - 1, place, hole
        cdef int64_t call = self.calls[slot].id
        place = home(call, self.table_room)
        while self.table[place] != slot:
            place = (place + 1) & mask
        hole = place
        while True:
            place = (place + 1) & mask
            if self.table[place] == NONE:
                break
            call = self.calls[self.table[place]].id
            if ((place - home(call, self.table_room)) & mask) >= ((place - hole) & mask):
                self.table[hole] = self.table[place]
                hole = place
        self.table[hole] = NONE
        self.calls[slot].agent = self.unused_call
        self.unused_call = slot
        self.held -= 1

    # Lines

    cdef int enter(self, int32_t slot, Roster roster) except -1 nogil:
        """Put a call where it belongs."""
        cdef Call *call = &self.calls[slot]
        cdef Lines *lines
        cdef int32_t number
        if call.need >= self.needs_room:
            self._more_needs(call.need)
        lines = &self.of_need[call.need]
        number = self._line(&lines.aside if call.alone else &lines.open, call.weight)
        row_add(&self.lines[number].row, slot, in_line, self.calls)
        call.stand.place.line = number
        if call.alone:
            call.stand.place.next = roster.agents[call.wish].own
            roster.agents[call.wish].own = slot
            self.total_alone += 1
        lines.waiting += 1
        self.total += 1
        return 0

    cdef void withdraw(self, int32_t slot, Roster roster) noexcept nogil:
        """It does not wait any more, or for something else."""
        cdef Call *call = &self.calls[slot]
        cdef Lines *lines = &self.of_need[call.need]
        cdef int32_t *link
        self._leave_line(slot, &lines.aside if call.alone else &lines.open)
        if call.alone:
            link = &roster.agents[call.wish].own
            while link[0] != slot:
                link = &self.calls[link[0]].stand.place.next
            link[0] = call.stand.place.next
            self.total_alone -= 1
        lines.waiting -= 1
        self.total -= 1

    cdef int32_t _line(self, int32_t *first, int64_t weight) except -1 nogil:
        cdef int32_t number = first[0], old = self.lines_room, room, i
        while number != NONE:
            if self.lines[number].weight == weight:
                return number
            number = self.lines[number].next
        if self.unused_line == NONE:
            room = max(2 * old, FIRST_ROOM)
            self.lines = <Line *>grown(self.lines, old * sizeof(Line), room * sizeof(Line))
            self.lines_room = room
            for i in range(old, room):
                self.lines[i].next = i + 1 if i + 1 < room else NONE
            self.unused_line = old
        number = self.unused_line
        self.unused_line = self.lines[number].next
        self.lines[number].weight = weight
        self.lines[number].next = first[0]
        first[0] = number
        return number

    cdef int _leave_line(self, int32_t slot, int32_t *first) noexcept nogil:
        """An empty line goes back to the unused and keeps its room."""
        cdef int32_t number = self.calls[slot].stand.place.line
        cdef Line *line = &self.lines[number]
        row_remove(&line.row, slot, in_line, self.calls)
        if line.row.size == 0:
            while first[0] != number:
                first = &self.lines[first[0]].next
            first[0] = line.next
            line.next = self.unused_line
            self.unused_line = number
        return 0

    # Choice

    cdef void best(
        self, int32_t agent, Roster roster, int64_t now_us, Best *out
    ) noexcept nogil:
        """The best and the second of the calls that this agent may take, and how many they are."""
        cdef const Profile *profile = &roster.profiles[roster.agents[agent].profile]
        cdef Line *line
        cdef Line *of_best = NULL
        cdef Standing top[2]
        cdef Standing one
        cdef int32_t i, number, slot, turn = 0
        memset(top, 0, sizeof(top))
        top[0].slot = top[1].slot = NONE
        out.candidates = 0
        for i in range(profile.need_count):
            if profile.needs[i] >= self.needs_room:
                break
            number = self.of_need[profile.needs[i]].open
            if number != NONE and profile.meetings is not NULL:
                turn = profile.meetings[i].turn
            while number != NONE:
                line = &self.lines[number]
                self._stand(row_at(&line.row, 0), turn, roster, now_us, &one)
                if rank(top, &one):
                    of_best = line
                out.candidates += line.row.size
                number = line.next
        slot = roster.agents[agent].own
        while slot != NONE:
            i = roster.place(profile, self.calls[slot].need)
            if i != NONE:
                if profile.meetings is not NULL:
                    turn = profile.meetings[i].turn
                self._stand(slot, turn, roster, now_us, &one)
                if rank(top, &one):
                    of_best = NULL
                out.candidates += 1
            slot = self.calls[slot].stand.place.next
        if of_best is not NULL and of_best.row.size > 1:
            self._stand(row_at(&of_best.row, 1), top[0].turn, roster, now_us, &one)
            rank(top, &one)
        out.slot, out.runner_up = top[0].slot, top[1].slot
        out.parted = ALONE if top[1].slot == NONE else parted(&top[0], &top[1])

    cdef void _stand(
        self, int32_t slot, int32_t turn, Roster roster, int64_t now_us, Standing *out
    ) noexcept nogil:
        cdef const Call *call = &self.calls[slot]
        cdef int32_t queue = roster.needs[call.need].queue
        out.score = own_score(call, now_us) * <wide>roster.queues[queue].weight
        out.score += <wide>roster.queues[queue].credit_us * <wide>MILLION * <wide>MILLION
        out.entered_us, out.turn_told = call.entered_us, call.turn
        out.turn, out.priority, out.slot = turn, call.priority, slot

    cdef int32_t ahead(
        self, int32_t need, int32_t slot, Roster roster, int64_t now_us
    ) noexcept nogil:
        """How many of the calls with this need go before that call."""
        cdef Lines *lines = &self.of_need[need]
        cdef Standing mine
        cdef int32_t found = 0, number = lines.open
        self._stand(slot, 0, roster, now_us, &mine)
        while number != NONE:
            found += self._before(&self.lines[number].row, &mine, roster, now_us)
            number = self.lines[number].next
        number = lines.aside
        while number != NONE:
            found += self._before(&self.lines[number].row, &mine, roster, now_us)
            number = self.lines[number].next
        return found

    cdef int32_t _before(
        self, Row *row, const Standing *mine, Roster roster, int64_t now_us
    ) noexcept nogil:
        """Of a line, which is sorted by the score at any time."""
        cdef Standing other
        cdef int32_t low = 0, high = row.size, middle
        while low < high:
            middle = (low + high) >> 1
            self._stand(row_at(row, middle), 0, roster, now_us, &other)
            if parted(&other, mine) > 0:
                low = middle + 1
            else:
                high = middle
        return low

    # Leases

    cdef int lease(self, int32_t slot, int64_t due_us) except -1 nogil:
        self.calls[slot].stand.due_us = due_us
        if due_us != NEVER:
            row_add(&self.leases, slot, due_before, self.calls)
        return 0

    cdef void end_lease(self, int32_t slot) noexcept nogil:
        if self.calls[slot].stand.due_us != NEVER:
            row_remove(&self.leases, slot, due_before, self.calls)

    # Room

    cdef int _more_calls(self) except -1 nogil:
        """Twice as many slots, and a table of four places for each."""
        cdef int32_t old = self.calls_room, room = max(2 * old, FIRST_ROOM), i, place, slot
        cdef int32_t *table = <int32_t *>grown(NULL, 0, 4 * room * sizeof(int32_t))
        self.calls = <Call *>grown(self.calls, old * sizeof(Call), room * sizeof(Call))
        self.calls_room = room
        for i in range(old, room):
            self.calls[i].agent = i + 1 if i + 1 < room else NONE
        self.unused_call = old
        for i in range(4 * room):
            table[i] = NONE
        for i in range(self.table_room):
            slot = self.table[i]
            if slot != NONE:
                place = home(self.calls[slot].id, 4 * room)
                while table[place] != NONE:
                    place = (place + 1) & (4 * room - 1)
                table[place] = slot
        free(self.table)
        self.table, self.table_room = table, 4 * room
        return 0

    cdef int _more_needs(self, int32_t need) except -1 nogil:
        cdef int32_t old = self.needs_room, room = max(old, FIRST_ROOM), i
        while room <= need:
            room *= 2
        self.of_need = <Lines *>grown(self.of_need, old * sizeof(Lines), room * sizeof(Lines))
        self.needs_room = room
        for i in range(old, room):
            self.of_need[i].open = self.of_need[i].aside = NONE
        return 0
