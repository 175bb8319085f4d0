"""The decision as mod_callcenter makes it: three tables without an index, a SELECT for each caller.

Tables, conditions and orders are those of FreeSWITCH 1.10's mod_callcenter.c (`members_sql`,
`agents_sql`, `tiers_sql`; `cc_agent_dispatch_thread_run`, `members_callback`, `agents_callback`,
strategy longest-idle-agent), columns that no decision looks at left out. In SQLite, in memory, in
this process: no lock, no thread, no network, and 8 of the some 25 statements that the module needs
for an answered call. So it is less than the module does, and its figures are lower bounds.
"""

import sqlite3
from collections.abc import Iterable, Mapping

__all__ = ["CallcenterTables"]

SCHEMA = """
PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=8000;
CREATE TABLE members (queue VARCHAR(255), instance_id VARCHAR(255), uuid VARCHAR(255),
  joined_epoch INTEGER, base_score INTEGER DEFAULT 0, skill_score INTEGER DEFAULT 0,
  serving_agent VARCHAR(255) DEFAULT '', state VARCHAR(255));
CREATE TABLE agents (name VARCHAR(255), instance_id VARCHAR(255), status VARCHAR(255),
  state VARCHAR(255), last_bridge_start INTEGER DEFAULT 0, last_bridge_end INTEGER DEFAULT 0,
  last_offered_call INTEGER DEFAULT 0, ready_time INTEGER DEFAULT 0,
  calls_answered INTEGER DEFAULT 0);
CREATE TABLE tiers (queue VARCHAR(255), agent VARCHAR(255), state VARCHAR(255),
  level INTEGER DEFAULT 1, position INTEGER DEFAULT 1);
"""
WAITING = """
SELECT queue, uuid, (? - joined_epoch) + base_score + skill_score AS score FROM members
WHERE (state = 'Waiting' OR state = 'Abandoned' OR
       (serving_agent = 'ring-all' AND state = 'Trying')) AND instance_id = 'single_box'
ORDER BY score DESC
"""
STRATEGY = """
SELECT agents.name, agents.status, agents.state, tiers.state, tiers.level, tiers.position,
       agents.ready_time, agents.last_bridge_end
FROM agents LEFT JOIN tiers ON (agents.name = tiers.agent)
WHERE tiers.queue = ? AND (agents.status = 'Available' OR agents.status = 'On Break'
      OR agents.status = 'Available (On Demand)')
ORDER BY level, agents.last_bridge_end, position
"""


class CallcenterTables:
    """Agents by number; a queue's tier is everybody who may serve it."""

    def __init__(self, tiers: Mapping[int, Iterable[int]], agents: int) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.executescript(SCHEMA)
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO agents (name, instance_id, status, state)"
            " VALUES (?, 'single_box', 'Available', 'In a queue call')",
            ((f"agent{agent}",) for agent in range(agents)),
        )
        self._db.executemany(
            "INSERT INTO tiers (queue, agent, state) VALUES (?, ?, 'Ready')",
            ((f"queue{queue}", f"agent{agent}") for queue in tiers for agent in tiers[queue]),
        )
        self._db.execute("COMMIT")

    def arrive(self, call: int, queue: int, now_s: int) -> None:
        self._db.execute(
            "INSERT INTO members (queue, instance_id, uuid, joined_epoch, state)"
            " VALUES (?, 'single_box', ?, ?, 'Waiting')",
            (f"queue{queue}", str(call), now_s),
        )

    def ready(self, agent: int, now_s: int) -> None:
        self._db.execute(
            "UPDATE agents SET state = 'Waiting', last_bridge_end = ? WHERE name = ?",
            (now_s, f"agent{agent}"),
        )

    def dispatch(self, now_s: int) -> list[tuple[int, int]]:
        """One pass: every waiting caller, best first, and the agents of his queue."""
        chosen = []
        for queue, call, _ in self._db.execute(WAITING, (now_s,)).fetchall():
            for name, _, state, tier, *_ in self._db.execute(STRATEGY, (queue,)):
                if state == "Waiting" and tier == "Ready":
                    self._serve(call, name, now_s)
                    chosen.append((int(call), int(name.removeprefix("agent"))))
                    break
        return chosen

    def _serve(self, call: str, agent: str, now_s: int) -> None:
        """Offered, answered, over."""
        self._db.execute(
            "UPDATE members SET serving_agent = ?, state = 'Trying'"
            " WHERE state = 'Waiting' AND uuid = ? AND instance_id = 'single_box'",
            (agent, call),
        )
        self._db.execute(
            "UPDATE agents SET state = 'Receiving', last_offered_call = ? WHERE name = ?",
            (now_s, agent),
        )
        self._db.execute("UPDATE members SET state = 'Answered' WHERE uuid = ?", (call,))
        self._db.execute(
            "UPDATE agents SET state = 'In a queue call', last_bridge_start = ?,"
            " calls_answered = calls_answered + 1 WHERE name = ?",
            (now_s, agent),
        )
        self._db.execute("DELETE FROM members WHERE uuid = ?", (call,))
