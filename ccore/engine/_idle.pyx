"""Idle agents, and the first of them for a need, at a cost that does not grow with head-count.

Agents with the same words (skills, site, ...) share a *profile*; its idle agents stand in a *pool*,
one for each order that some need asks for. An *edge* says that a profile meets a need. A need's
*heads* hold for each profile that meets it a key not behind the profile's first idle agent.

Who becomes idle is put at the end of his pool, and nobody else has to know unless he is its first
and not behind the keys that stand in heads already. Who leaves is only taken out of his pool. The
keys left behind are mended by who finds one on top of a heap: put down to where the profile's next
agent belongs, or taken out when there is none. So each key is mended at most once for each time it
was put there, and a choice costs the same on average with 100 agents and with 100,000, whether
they share a few profiles or have one each.
"""

from libc.stdint cimport INT64_MIN
from libc.stdlib cimport free
from libc.string cimport memmove

from ccore.engine._heads cimport (
    PROFILE_BITS,
    heads_down,
    heads_order,
    heads_pop,
    heads_push,
    heads_twice,
    key_before,
    same_key,
)
from ccore.engine._matching cimport (
    FEWEST_CALLS,
    FIXED_ORDER,
    LEAST_OCCUPIED,
    LONGEST_IDLE,
    LONGEST_READY,
    NONE,
    RANDOM,
    ROUND_ROBIN,
    WEIGHTED,
)
from ccore.engine._memory cimport grown
from ccore.engine._row cimport row_add, row_at, row_remove

cdef enum:
    PROFILE = (1 << PROFILE_BITS) - 1
    SEEN = 2                # while heads are mended
    BILLION = 1_000_000_000


cdef int64_t drawn(uint64_t seed, uint64_t turn) noexcept nogil:
    """A number out of seed and turn (splitmix64, S. Vigna, public domain)."""
    cdef uint64_t z = seed + turn * <uint64_t>0x9E3779B97F4A7C15ULL
    z = (z ^ (z >> 30)) * <uint64_t>0xBF58476D1CE4E5B9ULL
    z = (z ^ (z >> 27)) * <uint64_t>0x94D049BB133111EBULL
    return <int64_t>((z ^ (z >> 31)) >> 1)


cdef int64_t primary(const Agent *agent, int32_t order, uint64_t seed) noexcept nogil:
    """What agents are compared by before their idle clocks."""
    if order == LONGEST_READY:
        return agent.ready_us
    if order == LEAST_OCCUPIED:
        return agent.occupancy
    if order == FEWEST_CALLS:
        return agent.calls
    if order == ROUND_ROBIN:
        return agent.offered
    if order == WEIGHTED:
        return <int64_t>agent.calls * BILLION // agent.weight
    if order == FIXED_ORDER:
        return agent.position
    if order == RANDOM:
        return drawn(seed, agent.turn)
    return 0


cdef bint goes_before(const void *of, int32_t a, int32_t b) noexcept nogil:
    cdef const Order *order = <const Order *>of
    cdef const Agent *x = &order.agents[a]
    cdef const Agent *y = &order.agents[b]
    cdef int64_t x_first, y_first
    if order.order != LONGEST_IDLE:
        x_first = primary(x, order.order, order.seed)
        y_first = primary(y, order.order, order.seed)
        if x_first != y_first:
            return x_first < y_first
    if x.idle_us != y.idle_us:
        return x.idle_us < y.idle_us
    return x.turn < y.turn


cdef inline void not_after(Pool *pool, Key key) noexcept nogil:
    """A key was put into heads: keep in mind the latest."""
    cdef Key latest
    latest.rank, latest.primary = key.rank, pool.primary
    latest.idle_us, latest.turn = pool.idle_us, pool.turn
    if key_before(&latest, &key):
        pool.primary, pool.idle_us, pool.turn = key.primary, key.idle_us, key.turn


cdef class Idle:
    """Agents, profiles and needs by number, and who of them is idle; `Roster` fills them in."""

    def __dealloc__(self):
        cdef int32_t i, j
        for i in range(self.profile_count):
            for j in range(self.profiles[i].pool_count):
                free(self.profiles[i].pools[j].row.room)
            free(self.profiles[i].pools)
            free(self.profiles[i].edges)
        for i in range(self.need_count):
            free(self.needs[i].heads.room)
        free(self.agents)
        free(self.profiles)
        free(self.needs)

    cdef Edge *edge(self, const Profile *profile, int32_t need) noexcept nogil:
        """NULL: its agents do not meet the need."""
        cdef int32_t low = 0, high = profile.edge_count, middle
        while low < high:
            middle = (low + high) >> 1
            if profile.edges[middle].need < need:
                low = middle + 1
            else:
                high = middle
        if low < profile.edge_count and profile.edges[low].need == need:
            return &profile.edges[low]
        return NULL

    cdef Pool *pool(self, const Profile *profile, int32_t order) noexcept nogil:
        cdef int32_t i
        for i in range(profile.pool_count):
            if profile.pools[i].order == order:
                return &profile.pools[i]
        return NULL

    cdef int put(self, int32_t agent) except -1 nogil:
        """He is idle."""
        cdef int32_t number = self.agents[agent].profile, i
        cdef Profile *profile = &self.profiles[number]
        cdef Order order
        order.agents, order.seed = self.agents, self.seed
        self.agents[agent].state = LISTED
        for i in range(profile.edge_count):
            self.needs[profile.edges[i].need].idle += 1
        self.total_idle += 1
        for i in range(profile.pool_count):
            order.order = profile.pools[i].order
            if row_add(&profile.pools[i].row, agent, goes_before, &order) == 0:
                self._announce(number, i)
        return 0

    cdef void take(self, int32_t agent) noexcept nogil:
        """He is not any more; what he is now, says the caller."""
        cdef Profile *profile = &self.profiles[self.agents[agent].profile]
        cdef Order order
        cdef int32_t i
        order.agents, order.seed = self.agents, self.seed
        for i in range(profile.pool_count):
            order.order = profile.pools[i].order
            row_remove(&profile.pools[i].row, agent, goes_before, &order)
        for i in range(profile.edge_count):
            self.needs[profile.edges[i].need].idle -= 1
        self.total_idle -= 1

    cdef int32_t first(self, int32_t need) noexcept nogil:
        """The idle agent whose turn it is, or NONE; his key is on top of the need's heads."""
        cdef Need *wanted = &self.needs[need]
        cdef Key *top
        cdef Key key
        cdef Profile *profile
        cdef Pool *pool
        cdef Edge *edge
        cdef int32_t agent
        while wanted.heads.size:
            top = &wanted.heads.room[0]
            profile = &self.profiles[top.turn & PROFILE]
            pool = self.pool(profile, wanted.order)
            if pool.row.size == 0:
                edge = self.edge(profile, need)
                pool.unlisted += edge.listed
                edge.listed = False
                heads_pop(&wanted.heads)
                continue
            agent = row_at(&pool.row, 0)
            key = self._key(agent, top.turn & PROFILE, wanted.order, top.rank)
            if same_key(&key, top):
                return agent
            if heads_twice(&wanted.heads):
                heads_pop(&wanted.heads)
            else:
                not_after(pool, key)
                heads_down(&wanted.heads, 0, key)
        return NONE

    cdef int connect(self, int32_t profile, int32_t need, const Meeting *meeting) except -1 nogil:
        """From now on these agents meet the need. They did not before."""
        cdef Profile *one = &self.profiles[profile]
        cdef Need *wanted = &self.needs[need]
        cdef Edge edge
        cdef Pool *pool
        cdef int32_t place = 0, room
        edge.rank, edge.need, edge.turn = meeting.rank, need, <int16_t>meeting.turn
        edge.pool = <uint8_t>self._add_pool(profile, wanted.order)
        edge.listed = False
        pool = &one.pools[edge.pool]
        if one.edge_count == one.edge_room:
            room = max(4, 2 * one.edge_room)
            one.edges = <Edge *>grown(
                one.edges, one.edge_room * sizeof(Edge), room * sizeof(Edge)
            )
            one.edge_room = room
        place = one.edge_count
        while place > 0 and one.edges[place - 1].need > need:
            place -= 1
        memmove(
            &one.edges[place + 1], &one.edges[place], (one.edge_count - place) * sizeof(Edge)
        )
        one.edges[place] = edge
        one.edge_count += 1
        pool.unlisted += 1
        wanted.edges += 1
        wanted.members += one.members
        wanted.idle += pool.row.size
        if pool.row.size:
            self._list(
                profile,
                &one.edges[place],
                self._key(row_at(&pool.row, 0), profile, pool.order, edge.rank),
            )
        return 0

    cdef void disconnect(self, int32_t profile, int32_t need) noexcept nogil:
        """They do not meet it any more. Its heads are the caller's business."""
        cdef Profile *one = &self.profiles[profile]
        cdef Edge *edge = self.edge(one, need)
        if edge is NULL:
            return
        self.needs[need].edges -= 1
        self.needs[need].members -= one.members
        self.needs[need].idle -= one.pools[0].row.size
        one.pools[edge.pool].unlisted -= not edge.listed
        one.edge_count -= 1
        memmove(edge, edge + 1, (one.edges + one.edge_count - edge) * sizeof(Edge))

    cdef void mend(self, int32_t need) noexcept nogil:
        """Every key of its heads as it ought to be, and each profile once."""
        cdef Heads *heads = &self.needs[need].heads
        cdef int32_t order = self.needs[need].order, i, kept = 0
        cdef Profile *profile
        cdef Pool *pool
        cdef Edge *edge
        cdef Key key
        for i in range(heads.size):
            key = heads.room[i]
            profile = &self.profiles[key.turn & PROFILE]
            pool = self.pool(profile, order)
            edge = self.edge(profile, need)
            if pool.row.size == 0:
                pool.unlisted += edge.listed
                edge.listed = False
            elif edge.listed != SEEN:
                edge.listed = SEEN
                key = self._key(row_at(&pool.row, 0), key.turn & PROFILE, order, key.rank)
                not_after(pool, key)
                heads.room[kept] = key
                kept += 1
        heads.size = kept
        for i in range(kept):
            self.edge(&self.profiles[heads.room[i].turn & PROFILE], need).listed = True
        heads_order(heads)

    cdef Key _key(
        self, int32_t agent, int32_t profile, int32_t order, int64_t rank
    ) noexcept nogil:
        cdef const Agent *one = &self.agents[agent]
        cdef Key key
        key.rank = rank
        key.primary = primary(one, order, self.seed)
        key.idle_us = one.idle_us
        key.turn = <uint64_t>one.turn << PROFILE_BITS | <uint64_t>profile
        return key

    cdef int _announce(self, int32_t number, int32_t place) except -1 nogil:
        """A pool has a new first: tell the needs whose heads have no key for it, or a later one."""
        cdef Profile *profile = &self.profiles[number]
        cdef Pool *pool = &profile.pools[place]
        cdef Key key = self._key(row_at(&pool.row, 0), number, pool.order, 0), latest
        cdef bint earlier
        cdef int32_t i
        latest.rank, latest.primary = 0, pool.primary
        latest.idle_us, latest.turn = pool.idle_us, pool.turn
        earlier = key_before(&key, &latest)
        if pool.unlisted == 0 and not earlier:
            return 0
        for i in range(profile.edge_count):
            if profile.edges[i].pool == place and (earlier or not profile.edges[i].listed):
                key.rank = profile.edges[i].rank
                self._list(number, &profile.edges[i], key)
        pool.primary, pool.idle_us, pool.turn = key.primary, key.idle_us, key.turn
        return 0

    cdef int _list(self, int32_t number, Edge *edge, Key key) except -1 nogil:
        cdef Need *need = &self.needs[edge.need]
        cdef Pool *pool = &self.profiles[number].pools[edge.pool]
        if need.heads.size > 2 * need.edges + 8:
            self.mend(edge.need)
        pool.unlisted -= not edge.listed
        edge.listed = True
        not_after(pool, key)
        return heads_push(&need.heads, key)

    cdef int32_t _add_pool(self, int32_t number, int32_t order) except -1 nogil:
        """The place of the profile's pool in this order; made if there is none."""
        cdef Profile *profile = &self.profiles[number]
        cdef Pool *pool
        cdef Order by
        cdef int32_t place, i
        for place in range(profile.pool_count):
            if profile.pools[place].order == order:
                return place
        place = profile.pool_count
        profile.pools = <Pool *>grown(
            profile.pools, place * sizeof(Pool), (place + 1) * sizeof(Pool)
        )
        profile.pool_count += 1
        pool = &profile.pools[place]
        pool.order = order
        pool.primary = pool.idle_us = INT64_MIN
        by.agents, by.seed, by.order = self.agents, self.seed, order
        if place:
            for i in range(profile.pools[0].row.size):
                row_add(&pool.row, row_at(&profile.pools[0].row, i), goes_before, &by)
        return place
