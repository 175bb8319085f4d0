"""Agents and needs as they are told of, and who could serve what.

What is said of an agent is one string of 64-bit words (`words.Person.packed`); agents of whom the
same is said share a profile. What a call asks for is such a string too. The two are compared when
one of them is new, and what comes out is an edge; a decision compares nothing.

A closed set of agents is a number that its members carry in their words while a need asks for it.
A profile whose members have all left stays, with its edges, for the next who fits: an agent with
chats in hand goes to and fro between a few of them. They are swept when most profiles are empty.
"""

from struct import Struct

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int8_t
from libc.stdlib cimport free

from ccore.engine._idle cimport AWAY, LISTED, Front, Need, Profile
from ccore.engine._matching cimport (
    CAPACITY,
    GROUP,
    LONGEST_IDLE,
    MOST_SKILLED,
    NONE,
    ORDER,
    PERSON_LISTS,
    PREFERRED,
    QUEUE,
    SET,
    SETS,
    SKILLS,
    USED,
    meets,
)
from ccore.engine._memory cimport grown
from ccore.engine._order cimport Agent

from ccore.engine import faults

cdef enum:
    FIRST_ROOM = 64
    MOST_AGENTS = 1 << 24
    MILLION = 1_000_000
    FEW_PROFILES = 64       # so many empty ones are not worth a sweep

WORD = Struct("q")
TWO_WORDS = Struct("2q")


cdef inline const int64_t *words_of(bytes key):
    return <const int64_t *>PyBytes_AS_STRING(key)


cdef class Roster(Idle):
    """Numbers are indexes; what is told is checked by `words` before it comes here."""

    def __cinit__(self):
        self.profile_keys = []
        self.profile_numbers = {}
        self.unused_profiles = []
        self.need_keys = []
        self.need_numbers = {}
        self.unused_needs = []
        self.queue_numbers = {}
        self.queue_groups = []
        self.set_numbers = {}
        self.set_uses = {}
        self.sets_of = {}
        self.queue_number(NONE)  # of needs without a queue

    def __dealloc__(self):
        free(self.queues)
        free(self.persons)

    # Agents

    cdef int32_t known_agent(self, int64_t agent) except -1:
        if not 0 <= agent < self.agents_room or self.agents[agent].profile == NONE:
            raise faults.no_agent(agent)
        return <int32_t>agent

    cdef int tell(self, int32_t agent, bytes words) except -1:
        """A new agent, or other words for a known one, whatever he does."""
        cdef int32_t old = self.agents_room, room = max(old, FIRST_ROOM), i
        if agent >= old:
            while room <= agent:
                room *= 2
            self.agents = <Agent *>grown(self.agents, old * sizeof(Agent), room * sizeof(Agent))
            self.bases = <int64_t *>grown(self.bases, old * sizeof(int64_t), room * sizeof(int64_t))
            self.agents_room = room
            for i in range(old, room):
                self.agents[i].profile = self.agents[i].own = NONE
        if self.agents[agent].profile == NONE:
            self.agents[agent].state = AWAY
            self.agents[agent].calls = self.agents[agent].occupancy = self.agents[agent].used = 0
            self.agents[agent].offered = self.bases[agent] = 0
        sets = self.sets_of.get(agent, ())
        key = TWO_WORDS.pack(self.agents[agent].used, len(sets)) + words
        return self._move(agent, key + b"".join(map(WORD.pack, sets)))

    cdef int hold(self, int32_t agent, int64_t used) except -1:
        """So much of him is in use."""
        if self.agents[agent].used != used:
            key = self.profile_keys[self.agents[agent].profile]
            self._move(agent, WORD.pack(used) + key[WORD.size:])
            self.agents[agent].used = <int32_t>used
        return 0

    cdef dict capacity_of(self, int32_t agent):
        cdef const int64_t *words = self.persons[self.agents[agent].profile]
        cdef const int64_t *capacity = words + PERSON_LISTS + words[SKILLS]
        cdef int64_t i
        return {capacity[i] >> 8: capacity[i] & 255 for i in range(words[CAPACITY])}

    cdef int leave(self, int32_t agent) except -1:
        """He is not known any more."""
        self._out(agent)
        self.agents[agent].profile = NONE
        return 0

    cdef int _move(self, int32_t agent, bytes key) except -1:
        """Give the agent this profile. An idle one keeps his clock."""
        cdef Agent *one = &self.agents[agent]
        cdef bint listed = one.state == LISTED
        cdef int32_t number = self._profile(key), i
        cdef Profile *profile = &self.profiles[number]
        if number == one.profile:
            return 0
        if listed:
            self.take(agent)
        if one.profile != NONE:
            self._out(agent)
        one.profile = number
        self.empty_profiles -= profile.members == 0
        profile.members += 1
        for i in range(profile.need_count):
            self.needs[profile.needs[i]].members += 1
        if listed:
            self.put(agent)
        return 0

    cdef int _out(self, int32_t agent) except -1:
        cdef Profile *profile = &self.profiles[self.agents[agent].profile]
        cdef int32_t i
        profile.members -= 1
        self.empty_profiles += profile.members == 0
        for i in range(profile.need_count):
            self.needs[profile.needs[i]].members -= 1
        return 0

    # Profiles

    cdef int32_t _profile(self, bytes key) except -1:
        cdef int32_t old = self.profiles_room, room, need, number
        cdef Meeting meeting
        known = self.profile_numbers.get(key)
        if known is not None:
            return known
        if self.empty_profiles > max(FEW_PROFILES, self.profile_count // 2):
            self._sweep()
        if self.unused_profiles:
            number = self.unused_profiles.pop()
        else:
            number = self.profile_count
            if number == old:
                room = max(2 * old, FIRST_ROOM)
                self.profiles = <Profile *>grown(
                    self.profiles, old * sizeof(Profile), room * sizeof(Profile)
                )
                self.fronts = <Front *>grown(
                    self.fronts, old * sizeof(Front), room * sizeof(Front)
                )
                self.persons = <const int64_t **>grown(
                    self.persons, old * sizeof(int64_t *), room * sizeof(int64_t *)
                )
                self.profiles_room = room
            self.profile_keys.append(None)
            self.profile_count += 1
        self.profile_keys[number] = key
        self.profile_numbers[key] = number
        self.persons[number] = words_of(key)
        self.empty_profiles += 1
        self._open(number, LONGEST_IDLE)
        for need in range(self.need_count):
            if self._meets(number, need, &meeting):
                self.connect(number, need, &meeting)
        return number

    cdef int _sweep(self) except -1:
        """Forget the profiles that nobody has."""
        cdef int32_t i
        for i in range(self.profile_count):
            if self.persons[i] is NULL or self.profiles[i].members:
                continue
            self.close(i)
            self.persons[i] = NULL
            del self.profile_numbers[self.profile_keys[i]]
            self.profile_keys[i] = None
            self.unused_profiles.append(i)
        self.empty_profiles = 0
        return 0

    # Needs

    cdef int32_t known_need(self, int64_t need) except -1:
        if not 0 <= need < self.need_count or self.needs[need].words is NULL:
            raise faults.no_need(need)
        return <int32_t>need

    cdef int32_t need_number(self, wanted) except -1:
        """The same requirement has the same number while it is held."""
        cdef int32_t closed = NONE if wanted.agents is None else self._set(wanted.agents)
        cdef bytes key = WORD.pack(closed) + wanted.packed()
        cdef int32_t old = self.needs_room, room, number
        cdef Need *need
        known = self.need_numbers.get(key)
        if known is not None:
            self.needs[<int32_t>known].dropped = False
            return known
        if self.unused_needs:
            number = self.unused_needs.pop()
        else:
            number = self.need_count
            if number == old:
                room = max(2 * old, FIRST_ROOM)
                self.needs = <Need *>grown(self.needs, old * sizeof(Need), room * sizeof(Need))
                self.idle = <int32_t *>grown(
                    self.idle, old * sizeof(int32_t), room * sizeof(int32_t)
                )
                self.has_keys = <int8_t *>grown(self.has_keys, old, room)
                self.needs_room = room
            self.need_keys.append(None)
            self.need_count += 1
        if closed != NONE:
            self.set_uses[closed] += 1
        self.need_keys[number] = key
        self.need_numbers[key] = number
        need = &self.needs[number]
        need.words = words_of(key)
        need.order = need.rule = <int32_t>need.words[ORDER]
        need.is_ranked = need.words[PREFERRED] > 0 or need.order >= MOST_SKILLED
        if need.order >= MOST_SKILLED:
            need.order = LONGEST_IDLE  # among those of one rank
        need.queue = self.queue_number(need.words[QUEUE])
        need.dropped = False
        self._connect_all(number)
        return number

    cdef int let_go(self, int32_t need) except -1:
        """Free a dropped need that no call asks for any more."""
        if self.needs[need].dropped and self.needs[need].holders == 0:
            self._free(need)
        return 0

    cdef int _connect_all(self, int32_t need) except -1:
        """Compare it with every profile, also with those that met it before."""
        cdef int32_t i
        cdef Meeting meeting
        for i in range(self.profile_count):
            if self.persons[i] is not NULL:
                self.disconnect(i, need)
        self.forget_keys(need)
        for i in range(self.profile_count):
            if self.persons[i] is NULL:
                continue
            if self._meets(i, need, &meeting):
                self.connect(i, need, &meeting)
        return 0

    cdef bint _meets(self, int32_t profile, int32_t need, Meeting *meeting) noexcept nogil:
        cdef const int64_t *person = self.persons[profile]
        cdef Need *wanted = &self.needs[need]
        cdef Queue *queue
        cdef int32_t i
        if wanted.words is NULL:
            return False
        queue = &self.queues[wanted.queue]
        for i in range(queue.without_count):
            if queue.without[i] == person[GROUP]:
                return False
        return meets(person, wanted.words, meeting)

    cdef int _free(self, int32_t need) except -1:
        cdef int64_t closed = self.needs[need].words[SET]
        cdef int32_t i
        for i in range(self.profile_count):
            if self.persons[i] is not NULL:
                self.disconnect(i, need)
        self.forget_keys(need)
        self.needs[need].words = NULL
        del self.need_numbers[self.need_keys[need]]
        self.need_keys[need] = None
        self.unused_needs.append(need)
        if closed == NONE:
            return 0
        self.set_uses[closed] -= 1
        if self.set_uses[closed]:
            return 0
        agents = next(agents for agents, number in self.set_numbers.items() if number == closed)
        del self.set_numbers[agents], self.set_uses[closed]
        for agent in agents:
            left = tuple(number for number in self.sets_of[agent] if number != closed)
            if left:
                self.sets_of[agent] = left
            else:
                del self.sets_of[agent]
            self._rekey(agent)
        return 0

    # Closed sets of agents

    cdef int32_t _set(self, agents) except -1:
        """The number that its members carry, whether they are known already or not."""
        number = self.set_numbers.get(agents)
        if number is None:
            number = self.set_numbers[agents] = self.next_set
            self.next_set += 1
            self.set_uses[number] = 0
            for agent in agents:
                self.sets_of[agent] = (*self.sets_of.get(agent, ()), number)
                self._rekey(agent)
        return number

    cdef int _rekey(self, agent) except -1:
        """His sets have changed."""
        if not 0 <= agent < self.agents_room or self.agents[<int32_t>agent].profile == NONE:
            return 0
        cdef bytes key = self.profile_keys[self.agents[<int32_t>agent].profile]
        cdef const int64_t *words = words_of(key)
        sets = self.sets_of.get(agent, ())
        said = key[TWO_WORDS.size:len(key) - words[SETS] * WORD.size]
        key = TWO_WORDS.pack(words[USED], len(sets)) + said + b"".join(map(WORD.pack, sets))
        return self._move(agent, key)

    # Queues

    cdef int32_t queue_number(self, int64_t queue) except -1:
        cdef int32_t old = self.queues_room, number = self.queue_count, room
        known = self.queue_numbers.get(queue)
        if known is not None:
            return known
        if number == old:
            room = max(2 * old, FIRST_ROOM)
            self.queues = <Queue *>grown(self.queues, old * sizeof(Queue), room * sizeof(Queue))
            self.queues_room = room
        self.queue_numbers[queue] = number
        self.queue_groups.append(b"")
        self.queue_count += 1
        self.queues[number].weight = MILLION
        return number

    cdef int shut(self, int32_t queue, bytes groups) except -1:
        """Agents of these groups, packed, are not asked for the queue now."""
        cdef int32_t need
        if groups == self.queue_groups[queue]:
            return 0
        self.queue_groups[queue] = groups
        self.queues[queue].without = words_of(groups)
        self.queues[queue].without_count = len(groups) // WORD.size
        for need in range(self.need_count):
            if self.needs[need].words is not NULL and self.needs[need].queue == queue:
                self._connect_all(need)
        return 0
