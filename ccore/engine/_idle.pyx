"""Idle agents, and the first of them for a need, at a cost that does not grow with head-count.

Agents with the same words (skills, site, ...) share a *profile*; its idle agents stand in a *pool*,
one for each order that some need asks for. A need that *few* profiles meet looks at the first of
each. One that many meet has *keys*: for each profile, the clock of its first agent.

Only when a pool gets a new first (it was empty, or he comes before the others) are such needs told
of it. When an agent leaves, they are not: the keys left behind are found out by who meets one as
the smallest. The pool may be empty by then, or have been told of anew: the key is dropped. Or the
first may be another: the key is put where he belongs. So a key is touched twice, each time where it
is cheap, and a choice costs the same on average with 100 agents and with 100,000, whether they
share a few profiles or have one each.

An agent who becomes idle is asked for a call first (`offer_for_agent`), and when calls wait he is
gone again at once. So he stays a *newcomer*, in no pool, until somebody looks for an agent.
"""

from libc.stdint cimport INT64_MAX
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memmove, memset

from ccore.engine._keys cimport (
    Note,
    heap_down,
    heap_drop,
    heap_order,
    heap_push,
    key_before,
    keys_add,
    keys_free,
    keys_held,
    run_drop,
)
from ccore.engine._matching cimport LONGEST_IDLE, NONE
from ccore.engine._memory cimport fetch, out_of_memory
from ccore.engine._order cimport Order, goes_before, primary
from ccore.engine._row cimport row_add, row_at, row_free, row_numbers, row_remove

cdef enum:
    AHEAD = 4               # keys that are looked up in advance
    LEFT_BEHIND = 16        # so many keys too many are not worth a tidying


cdef inline void empty(Pool *pool) noexcept nogil:
    row_free(&pool.row)
    pool.version += pool.version != 0
    pool.told = pool.version


cdef class Idle:
    """Agents, profiles and needs by number, and who of them is idle; `Roster` fills them in."""

    def __cinit__(self):
        self.newcomer = NONE

    def __dealloc__(self):
        cdef int32_t i
        for i in range(self.profile_count):
            self.close(i)
            free(self.profiles[i].others)
        for i in range(self.need_count):
            self.forget_keys(i)
        free(self.agents)
        free(self.bases)
        free(self.profiles)
        free(self.fronts)
        free(self.needs)
        free(self.idle)
        free(self.has_keys)

    cdef Order by(self, int32_t order) noexcept nogil:
        cdef Order by
        by.agents, by.bases, by.seed, by.order = self.agents, self.bases, self.seed, order
        return by

    cdef int32_t place(self, const Profile *profile, int32_t need) noexcept nogil:
        """Where the need stands among those of the profile; NONE: its agents do not meet it."""
        cdef int32_t low = 0, high = profile.need_count, middle
        while low < high:
            middle = (low + high) >> 1
            if profile.needs[middle] < need:
                low = middle + 1
            else:
                high = middle
        return low if low < profile.need_count and profile.needs[low] == need else NONE

    # Who is idle

    cdef int put(self, int32_t agent) except -1 nogil:
        """He is idle."""
        self.enlist()
        self.newcomer = agent
        self.agents[agent].state = LISTED
        self.total_idle += 1
        return 0

    cdef void take(self, int32_t agent) noexcept nogil:
        """He is not any more; what he is now, says the caller."""
        cdef int32_t number = self.agents[agent].profile, i
        cdef const Profile *profile = &self.profiles[number]
        self.total_idle -= 1
        if agent == self.newcomer:
            self.newcomer = NONE
            return
        for i in range(profile.need_count):
            self.idle[profile.needs[i]] -= 1
        self._remove(number, LONGEST_IDLE, agent)
        if profile.others is not NULL:
            for i in range(LONGEST_IDLE + 1, POOL_ORDERS):
                self._remove(number, i, agent)

    cdef int enlist(self) except -1 nogil:
        """Put the newcomer, if there is one, into his pools."""
        cdef int32_t agent = self.newcomer, number, i
        cdef const Profile *profile
        if agent == NONE:
            return 0
        self.newcomer = NONE
        number = self.agents[agent].profile
        profile = &self.profiles[number]
        for i in range(profile.need_count):
            self.idle[profile.needs[i]] += 1
        self._add(number, LONGEST_IDLE, agent)
        if profile.others is not NULL:
            for i in range(LONGEST_IDLE + 1, POOL_ORDERS):
                self._add(number, i, agent)
        return 0

    cdef int32_t idle_of(self, int32_t need) except -1 nogil:
        """How many idle agents meet the need."""
        self.enlist()
        return self.idle[need]

    cdef int32_t first(self, int32_t need, Key *found) except -2 nogil:
        """The idle agent whose turn it is, and his key; or NONE."""
        self.enlist()
        if self.idle[need] == 0:
            return NONE
        if self.has_keys[need]:
            return self._first_of_many(need, found)
        return self._first_of_few(need, found)

    cdef int32_t _first_of_few(self, int32_t need, Key *found) noexcept nogil:
        cdef const Need *wanted = &self.needs[need]
        cdef const Front *fronts = self.fronts
        cdef const int32_t *few = wanted.few
        cdef int32_t i, best = few[0]
        cdef Key key
        if wanted.order == LONGEST_IDLE and not wanted.is_ranked:
            for i in range(1, wanted.profiles):
                if fronts[few[i]].idle_us > fronts[best].idle_us:
                    continue
                if (
                    fronts[few[i]].idle_us < fronts[best].idle_us
                    or fronts[few[i]].turn < fronts[best].turn
                ):
                    best = few[i]
            self._key(best, need, found)
        else:
            best = NONE
            for i in range(wanted.profiles):
                if self.profiles[few[i]].idle.row.size:
                    self._key(few[i], need, &key)
                    if best == NONE or key_before(&key, found):
                        found[0] = key
                        best = few[i]
        return row_at(&self._pool(best, wanted.order).row, 0)

    cdef int32_t _first_of_many(self, int32_t need, Key *found) except -2 nogil:
        cdef Need *wanted = &self.needs[need]
        cdef Keys *keys = &wanted.keys
        cdef Pool *pool
        cdef Note note
        cdef bint is_found = False
        while keys.first < keys.last:
            note = keys.run[keys.first]
            pool = self._pool(note.profile, wanted.order)
            if self._counts(pool, note.version):
                self._key(note.profile, need, found)
                if pool.version == note.version:
                    is_found = True
                    break
                heap_push(keys, found)
            elif keys.first + AHEAD < keys.last:
                fetch(&self.profiles[keys.run[keys.first + AHEAD].profile])
            run_drop(keys)
        while keys.heap_size:
            pool = self._pool(keys.heap[0].profile, wanted.order)
            if not self._counts(pool, keys.heap[0].version):
                heap_drop(keys)
            elif pool.version != keys.heap[0].version:
                self._key(keys.heap[0].profile, need, &keys.heap[0])
                heap_down(keys, 0, keys.heap[0])
            else:
                if not is_found or key_before(&keys.heap[0], found):
                    found[0] = keys.heap[0]
                    is_found = True
                break
        if not is_found:
            return NONE
        return row_at(&self._pool(found.profile, wanted.order).row, 0)

    # Pools

    cdef Pool *_pool(self, int32_t profile, int32_t order) noexcept nogil:
        if order == LONGEST_IDLE:
            return &self.profiles[profile].idle
        return &self.profiles[profile].others[order]

    cdef int _add(self, int32_t profile, int32_t order, int32_t agent) except -1 nogil:
        cdef Pool *pool = self._pool(profile, order)
        cdef Order by
        if pool.version == 0:
            return 0
        by = self.by(order)
        if row_add(&pool.row, agent, goes_before, &by) == 0:
            pool.version += 1
            pool.told = pool.version
            if order == LONGEST_IDLE:
                self._set_front(profile)
            self._announce(profile, order)
        return 0

    cdef void _remove(self, int32_t profile, int32_t order, int32_t agent) noexcept nogil:
        cdef Pool *pool = self._pool(profile, order)
        cdef Order by
        if pool.version == 0:
            return
        by = self.by(order)
        if row_remove(&pool.row, agent, goes_before, &by) == 0:
            pool.version += 1
            if order == LONGEST_IDLE:
                self._set_front(profile)

    cdef void _set_front(self, int32_t profile) noexcept nogil:
        cdef Row *row = &self.profiles[profile].idle.row
        cdef const Agent *agent
        self.fronts[profile].idle_us = INT64_MAX
        if row.size:
            agent = &self.agents[row_at(row, 0)]
            self.fronts[profile].idle_us, self.fronts[profile].turn = agent.idle_us, agent.turn

    cdef int _open(self, int32_t profile, int32_t order) except -1 nogil:
        """Make the profile's pool of this order, if there is none."""
        cdef Profile *one = &self.profiles[profile]
        cdef Pool *pool
        cdef const int32_t *agents
        cdef int32_t i
        if order != LONGEST_IDLE and one.others is NULL:
            one.others = <Pool *>malloc(POOL_ORDERS * sizeof(Pool))
            if one.others is NULL:
                out_of_memory()
            memset(one.others, 0, POOL_ORDERS * sizeof(Pool))
        pool = self._pool(profile, order)
        if pool.version == 0:
            pool.version = 1
            if order == LONGEST_IDLE:
                self._set_front(profile)
            agents = row_numbers(&one.idle.row)
            for i in range(one.idle.row.size):
                self._add(profile, order, agents[i])
        return 0

    # Who may serve what

    cdef int connect(self, int32_t profile, int32_t need, const Meeting *meeting) except -1 nogil:
        """From now on these agents meet the need. They did not before."""
        cdef Profile *one = &self.profiles[profile]
        cdef Need *wanted = &self.needs[need]
        cdef int32_t place, moved
        self.enlist()
        self._open(profile, LONGEST_IDLE)
        self._open(profile, meeting.order)
        self._more_needs(one, meeting.rank or meeting.turn or meeting.order)
        place = one.need_count
        while place > 0 and one.needs[place - 1] > need:
            place -= 1
        moved = one.need_count - place
        memmove(one.needs + place + 1, one.needs + place, moved * sizeof(int32_t))
        one.needs[place] = need
        if one.meetings is not NULL:
            memmove(one.meetings + place + 1, one.meetings + place, moved * sizeof(Meeting))
            one.meetings[place] = meeting[0]
        one.need_count += 1
        wanted.members += one.members
        self.idle[need] += one.idle.row.size
        return self._note_profile(profile, need)

    cdef int _note_profile(self, int32_t profile, int32_t need) except -1 nogil:
        """One more that meets the need: from so many on it has keys, and looks at no profile."""
        cdef Need *wanted = &self.needs[need]
        cdef int32_t i, room
        wanted.profiles += 1
        if self.has_keys[need]:
            return self._add_key(profile, need)
        if wanted.profiles > wanted.few_room:
            room = max(4, 2 * wanted.few_room)
            wanted.few = <int32_t *>realloc(wanted.few, room * sizeof(int32_t))
            if wanted.few is NULL:
                out_of_memory()
            wanted.few_room = room
        wanted.few[wanted.profiles - 1] = profile
        if wanted.profiles > self.few:
            self.has_keys[need] = True
            for i in range(wanted.profiles):
                self._add_key(wanted.few[i], need)
        return 0

    cdef int _add_key(self, int32_t profile, int32_t need) except -1 nogil:
        cdef Key key
        if self.profiles[profile].idle.row.size == 0:
            return 0
        self._key(profile, need, &key)
        return keys_add(&self.needs[need].keys, &key)

    cdef void forget_keys(self, int32_t need) noexcept nogil:
        """No profile meets it; so it begins with few again."""
        keys_free(&self.needs[need].keys)
        free(self.needs[need].few)
        self.needs[need].few = NULL
        self.needs[need].few_room = 0
        self.has_keys[need] = False

    cdef int disconnect(self, int32_t profile, int32_t need) except -1 nogil:
        """They do not meet it any more. Its keys are the caller's business."""
        cdef Profile *one = &self.profiles[profile]
        cdef int32_t place = self.place(one, need), moved
        if place == NONE:
            return 0
        self.enlist()
        self._drop_profile(profile, need)
        self.needs[need].members -= one.members
        self.idle[need] -= one.idle.row.size
        one.need_count -= 1
        moved = one.need_count - place
        memmove(one.needs + place, one.needs + place + 1, moved * sizeof(int32_t))
        if one.meetings is not NULL:
            memmove(one.meetings + place, one.meetings + place + 1, moved * sizeof(Meeting))
        return 0

    cdef void _drop_profile(self, int32_t profile, int32_t need) noexcept nogil:
        cdef Need *wanted = &self.needs[need]
        cdef int32_t i
        wanted.profiles -= 1
        if not self.has_keys[need]:
            for i in range(wanted.profiles):
                if wanted.few[i] == profile:
                    wanted.few[i] = wanted.few[wanted.profiles]
                    break

    cdef void close(self, int32_t profile) noexcept nogil:
        """Forget the profile: nobody has it. Keys left behind are found out as those of any."""
        cdef Profile *one = &self.profiles[profile]
        cdef int32_t i
        for i in range(one.need_count):
            self._drop_profile(profile, one.needs[i])
        empty(&one.idle)
        if one.others is not NULL:
            for i in range(POOL_ORDERS):
                empty(&one.others[i])
        free(one.needs)
        free(one.meetings)
        one.needs, one.meetings, one.need_count = NULL, NULL, 0

    cdef int _more_needs(self, Profile *one, bint with_meetings) except -1 nogil:
        """Room for one more: rooms are powers of two."""
        cdef int32_t room = 4
        while room <= one.need_count:
            room *= 2
        if one.need_count == 0 or room == 2 * one.need_count:
            one.needs = <int32_t *>realloc(one.needs, room * sizeof(int32_t))
            if one.needs is NULL:
                out_of_memory()
            if one.meetings is not NULL:
                one.meetings = <Meeting *>realloc(one.meetings, room * sizeof(Meeting))
                if one.meetings is NULL:
                    out_of_memory()
        if with_meetings and one.meetings is NULL:
            one.meetings = <Meeting *>malloc(room * sizeof(Meeting))
            if one.meetings is NULL:
                out_of_memory()
            memset(one.meetings, 0, room * sizeof(Meeting))
        return 0

    # Keys

    cdef void _key(self, int32_t profile, int32_t need, Key *key) noexcept nogil:
        """Where the profile's first idle agent stands."""
        cdef const Need *wanted = &self.needs[need]
        cdef const Profile *one = &self.profiles[profile]
        cdef Pool *pool = self._pool(profile, wanted.order)
        cdef const Agent *agent = &self.agents[row_at(&pool.row, 0)]
        cdef Order by = self.by(wanted.order)
        key.rank = 0
        if wanted.is_ranked and one.meetings is not NULL:
            key.rank = one.meetings[self.place(one, need)].rank
        key.primary = primary(&by, row_at(&pool.row, 0))
        key.idle_us, key.turn = agent.idle_us, agent.turn
        key.profile, key.version = profile, pool.version

    cdef int _announce(self, int32_t profile, int32_t order) except -1 nogil:
        """The pool has a new first; keys for it from before count no more."""
        cdef const Profile *one = &self.profiles[profile]
        cdef Pool *pool = self._pool(profile, order)
        cdef const Agent *agent = &self.agents[row_at(&pool.row, 0)]
        cdef Order by = self.by(order)
        cdef Need *need
        cdef Key key
        cdef int32_t i
        key.rank, key.primary = 0, primary(&by, row_at(&pool.row, 0))
        key.idle_us, key.turn = agent.idle_us, agent.turn
        key.profile, key.version = profile, pool.version
        for i in range(one.need_count):
            if one.meetings is not NULL:
                if one.meetings[i].order != order:
                    continue
                key.rank = one.meetings[i].rank
            if not self.has_keys[one.needs[i]]:
                continue
            need = &self.needs[one.needs[i]]
            if keys_held(&need.keys) > 2 * need.profiles + LEFT_BEHIND:
                self._tidy(one.needs[i])
            keys_add(&need.keys, &key)
        return 0

    cdef bint _counts(self, const Pool *pool, uint32_t version) noexcept nogil:
        """Does a key of this version say anything still?"""
        return pool.row.size > 0 and <int32_t>(pool.told - version) <= 0

    cdef void _tidy(self, int32_t need) noexcept nogil:
        """Drop the keys that do not."""
        cdef Keys *keys = &self.needs[need].keys
        cdef int32_t order = self.needs[need].order, i, kept = 0
        for i in range(keys.first, keys.last):
            if self._counts(self._pool(keys.run[i].profile, order), keys.run[i].version):
                keys.run[kept] = keys.run[i]
                kept += 1
        keys.first, keys.last = 0, kept
        kept = 0
        for i in range(keys.heap_size):
            if self._counts(self._pool(keys.heap[i].profile, order), keys.heap[i].version):
                keys.heap[kept] = keys.heap[i]
                kept += 1
        keys.heap_size = kept
        heap_order(keys)
