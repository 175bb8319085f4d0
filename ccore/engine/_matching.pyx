"""Who meets what, by the packed words of both (`words.Person.packed`, `words.Wanted.packed`)."""

from libc.stdint cimport int16_t, int64_t

cdef enum:
    MOST_RANKED = (1 << SKILL_BITS) - 1


cdef inline bint _among(int64_t one, const int64_t *many, int64_t count) noexcept nogil:
    cdef int64_t i
    for i in range(count):
        if many[i] == one:
            return True
    return False


cdef inline int64_t _level(const int64_t *skills, int64_t count, int64_t skill) noexcept nogil:
    """0 without the skill. A pair is skill << 8 | level, sorted."""
    cdef int64_t low = 0, high = count, middle
    while low < high:
        middle = (low + high) >> 1
        if skills[middle] >> 8 < skill:
            low = middle + 1
        else:
            high = middle
    return skills[low] & 255 if low < count and skills[low] >> 8 == skill else 0


cdef bint meets(const int64_t *person, const int64_t *wanted, Meeting *out) noexcept nogil:
    cdef const int64_t *skills = person + PERSON_LISTS
    cdef const int64_t *capacity = skills + person[SKILLS]
    cdef const int64_t *queues = capacity + person[CAPACITY]
    cdef const int64_t *sets = queues + 3 * max(person[QUEUES], 0)
    cdef const int64_t *list = wanted + WANTED_LISTS
    cdef int64_t i, level, most = 0, preference = 0, skilled = 0

    for i in range(wanted[REQUIRED]):
        level = _level(skills, person[SKILLS], list[i] >> 8)
        if level < list[i] & 255:
            return False
        skilled += level
    list += wanted[REQUIRED]
    if wanted[SET] != NONE and not _among(wanted[SET], sets, person[SETS]):
        return False

    for i in range(wanted[PREFERRED]):
        preference += list[2 * i + 1] * _level(skills, person[SKILLS], list[2 * i])
    list += 2 * wanted[PREFERRED]
    for i in range(wanted[FORBIDDEN]):
        if _level(skills, person[SKILLS], list[i]):
            return False
    list += wanted[FORBIDDEN]
    for i in range(3):  # sites, teams, groups
        if wanted[SITES + i] != NONE:
            if not _among(person[SITE + i], list, wanted[SITES + i]):
                return False
            list += wanted[SITES + i]

    for i in range(person[CAPACITY]):
        if capacity[i] >> 8 == wanted[CHANNEL]:
            most = capacity[i] & 255
    if most == 0 or person[USED] + ALL_PARTS // most > ALL_PARTS:
        return False

    out.turn = 0
    if person[QUEUES] != NONE and wanted[QUEUE] != NONE:
        i = 0
        while i < person[QUEUES] and queues[3 * i] != wanted[QUEUE]:
            i += 1
        if i == person[QUEUES] or queues[3 * i + 2] > wanted[WAITED_US]:
            return False
        out.turn = <int16_t>queues[3 * i + 1]

    out.order = <int16_t>wanted[ORDER] if wanted[ORDER] < MOST_SKILLED else LONGEST_IDLE
    if wanted[ORDER] == LEAST_VERSATILE:
        skilled = MOST_RANKED - min(person[SKILLS], MOST_RANKED)
    elif wanted[ORDER] != MOST_SKILLED:
        skilled = 0
    out.rank = -((preference << SKILL_BITS) + skilled)
    return True
