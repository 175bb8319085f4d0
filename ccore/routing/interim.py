"""Stands in for the engine while it is being extended; goes with it. Plain and slow."""

# ruff: noqa
# mypy: ignore-errors
__all__ = ["Match", "Router", "RouterError", "UnknownId", "WrongState"]
import random
from typing import Any


from ccore._router import RouterError, UnknownId, WrongState


class Match:
    def __init__(
        s, call, agent, rule, candidates, waited_us, step=0, runner_up=-1, decided_by="alone"
    ):
        s.call, s.agent, s.rule, s.candidates, s.waited_us, s.step, s.runner_up, s.decided_by = (
            call,
            agent,
            rule,
            candidates,
            waited_us,
            step,
            runner_up,
            decided_by,
        )


class A:
    pass


class C:
    pass


class Router:
    def __init__(s, seed=0) -> "Any":
        s.A = {}
        s.N = []
        s.C = {}
        s.Q = {}
        s.t = 0
        s.rng = random.Random(seed)

    def set_agent(
        s,
        a,
        skills,
        *,
        site=-1,
        team=-1,
        group=-1,
        weight=1.0,
        position=-1,
        capacity=None,
        queues=None,
    ):
        x = s.A.get(a)
        if x is None:
            x = s.A[a] = A()
            x.state = "away"
            x.idle = 0
            x.ready = 0
            x.turn = 0
            x.occ = 0.0
            x.calls = 0
            x.offered = 0
            x.draw = 0
        x.skills = dict(skills)
        x.site = site
        x.team = team
        x.group = group
        x.weight = weight
        x.pos = position if position >= 0 else a
        x.cap = capacity or {0: 1}
        x.queues = queues

    def _a(s, a) -> "Any":
        if a not in s.A:
            raise UnknownId(a)
        return s.A[a]

    def _free(s, a) -> "Any":
        x = s._a(a)
        if x.state == "reserved":
            raise WrongState(a)
        return x

    def remove_agent(s, a) -> "Any":
        s._free(a)
        del s.A[a]

    def agent_ready(s, a, idle, *, ready_us=None, holding=None) -> "Any":
        x = s._free(a)
        x.state = "idle"
        x.idle = idle
        x.ready = idle if ready_us is None else ready_us
        s.t += 1
        x.turn = s.t
        x.draw = s.rng.random()

    def agent_away(s, a) -> "Any":
        s._free(a).state = "away"

    def agent_figures(s, a, *, occupancy=None, calls=None) -> "Any":
        x = s._a(a)
        if occupancy is not None:
            x.occ = occupancy
        if calls is not None:
            x.calls = calls

    def need(
        s,
        skills,
        agents=None,
        *,
        preferred=None,
        forbidden=(),
        sites=None,
        teams=None,
        groups=None,
        queue=-1,
        waited_us=0,
        channel=0,
        order="longest-idle",
    ):
        k = (
            frozenset(skills.items()),
            None if agents is None else frozenset(agents),
            frozenset((preferred or {}).items()),
            frozenset(forbidden),
            *(None if v is None else frozenset(v) for v in (sites, teams, groups)),
            queue,
            waited_us,
            channel,
            order,
        )
        if k not in s.N:
            s.N.append(k)
        return s.N.index(k)

    def drop_need(s, n) -> "Any":
        pass

    def set_queue(s, q, *, weight=1.0, credit_us=0, without_groups=()) -> "Any":
        s.Q[q] = (weight, credit_us, frozenset(without_groups))

    def call_waiting(
        s,
        call,
        need,
        entered_us,
        credit_us=0,
        weight=1.0,
        only=-1,
        *,
        prefer=-1,
        priority=0,
        step=0,
    ):
        if call in s.C:
            raise WrongState(call)
        c = s.C[call] = C()
        c.need = need
        c.ent = entered_us
        c.cr = credit_us
        c.w = weight
        c.only = only
        c.prio = priority
        c.step = step
        c.agent = None
        s.t += 1
        c.turn = s.t

    def _c(s, call) -> "Any":
        if call not in s.C:
            raise UnknownId(call)
        return s.C[call]

    def widen(s, call) -> "Any":
        s._c(call).only = -1

    def change_need(s, call, need, step=-1) -> "Any":
        c = s._c(call)
        c.need = need
        if step >= 0:
            c.step = step

    def change_score(s, call, *, credit_us, weight, priority=0) -> "Any":
        c = s._c(call)
        c.cr, c.w, c.prio = credit_us, weight, priority

    def call_gone(s, call) -> "Any":
        c = s.C.get(call)
        if c is None:
            return
        if c.agent is not None:
            raise WrongState(call)
        del s.C[call]

    def agent_matches(s, a, n) -> "Any":
        x = s._a(a)
        sk, ag, pref, forb, si, te, gr, q, wu, ch, order = s.N[n]
        if any(x.skills.get(k, 0) < l for k, l in sk):
            return False
        if ag is not None and a not in ag:
            return False
        if any(k in x.skills for k in forb):
            return False
        if si is not None and x.site not in si:
            return False
        if te is not None and x.team not in te:
            return False
        if gr is not None and x.group not in gr:
            return False
        if x.queues is not None and q >= 0 and (q not in x.queues or x.queues[q][1] > wu):
            return False
        if q in s.Q and x.group in s.Q[q][2]:
            return False
        return x.cap.get(ch, 0) > 0

    def _may(s, a, c) -> "Any":
        return c.only in (-1, a) and s.agent_matches(a, c.need)

    def _rank(s, c, call, now, a) -> "Any":
        q = s.N[c.need][7]
        w, cr, _ = s.Q.get(q, (1.0, 0, ()))
        x = s.A[a]
        turn = x.queues[q][0] if x.queues and q in x.queues else 0
        return (turn, -c.prio, -(w * (c.cr + c.w * (now - c.ent)) + cr), c.ent, c.turn)

    def _key(s, a, n) -> "Any":
        x = s.A[a]
        sk, pref, order = s.N[n][0], s.N[n][2], s.N[n][10]
        p = -sum(w * x.skills.get(k, 0) for k, w in pref)
        o = {
            "longest-idle": x.idle,
            "longest-ready": x.ready,
            "least-occupied": x.occ,
            "fewest-calls": x.calls,
            "round-robin": x.offered,
            "most-skilled": -sum(x.skills[k] for k, _ in sk),
            "least-versatile": len(x.skills),
            "weighted": x.calls / x.weight,
            "fixed-order": x.pos,
            "random": x.draw,
        }[order]
        return (p, o, x.idle, x.turn)

    def _best(s, a, now) -> "Any":
        m = [k for k, c in s.C.items() if c.agent is None and s._may(a, c)]
        return sorted(m, key=lambda k: s._rank(s.C[k], k, now, a))

    def _res(s, call, a, rule, cand, now, ru, by) -> "Any":
        c = s.C[call]
        c.agent = a
        s.A[a].state = "reserved"
        s.t += 1
        s.A[a].offered = s.t
        return Match(
            call,
            a,
            "last-agent" if c.only == a else rule,
            cand,
            max(0, now - c.ent),
            c.step,
            ru,
            by,
        )

    def offer_for_call(s, call, now, *, lease_us=0) -> "Any":
        c = s._c(call)
        if c.agent is not None:
            raise WrongState(call)
        t = [a for a, x in s.A.items() if x.state == "idle" and s._may(a, c)]
        if not t:
            return None
        t.sort(key=lambda a: s._key(a, c.need))
        if s._best(t[0], now)[0] != call:
            return None
        return s._res(
            call,
            t[0],
            s.N[c.need][10],
            len(t),
            now,
            t[1] if len(t) > 1 else -1,
            "alone" if len(t) == 1 else "longest-idle",
        )

    def offer_for_agent(s, a, now, *, lease_us=0) -> "Any":
        if s._a(a).state != "idle":
            return None
        b = s._best(a, now)
        if not b:
            return None
        return s._res(
            b[0],
            a,
            "best-score",
            len(b),
            now,
            b[1] if len(b) > 1 else -1,
            "alone" if len(b) == 1 else "score",
        )

    def offer_any(s, now, *, lease_us=0) -> "Any":
        for a, x in s.A.items():
            if x.state == "idle":
                m = s.offer_for_agent(a, now)
                if m:
                    return m

    def _r(s, call) -> "Any":
        c = s._c(call)
        if c.agent is None:
            raise WrongState(call)
        return c.agent

    def confirm(s, call) -> "Any":
        a = s._r(call)
        s.A[a].state = "away"
        s.A[a].calls += 1
        del s.C[call]

    def release(s, call, *, requeue, ready=False, idle_since_us=0) -> "Any":
        a = s._r(call)
        if requeue:
            s.C[call].agent = None
        else:
            del s.C[call]
        s.A[a].state = "idle" if ready else "away"
        if ready and idle_since_us:
            s.agent_ready(a, idle_since_us)

    def position(s, call, now) -> "Any":
        c = s._c(call)
        if c.agent is not None:
            return 0
        k = lambda c: (-c.prio, -(c.cr + c.w * (now - c.ent)), c.ent, c.turn)
        return 1 + sum(o.agent is None and o.need == c.need and k(o) < k(c) for o in s.C.values())

    def waiting(s, n=-1) -> "Any":
        return sum(c.agent is None and (n < 0 or c.need == n) for c in s.C.values())

    def idle(s, n=-1) -> "Any":
        return sum(x.state == "idle" and (n < 0 or s.agent_matches(a, n)) for a, x in s.A.items())

    def matching(s, n) -> "Any":
        return sum(s.agent_matches(a, n) for a in s.A)

    def idle_agents(s, n) -> "Any":
        return [a for a, x in s.A.items() if x.state == "idle" and s.agent_matches(a, n)]

    def has_call(s, call) -> "Any":
        return call in s.C
