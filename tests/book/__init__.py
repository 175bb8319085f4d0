"""The scenario book: the same scenario on the simulated switch and on a real FreeSWITCH.

A scenario is a TOML file in `tests/scenarios/`, named by its outcome. It says what callers and
agents do and what must be true at the end:

    title = "..."
    [center.queues.sales]                 # laid over tests/scenarios/base.toml
    [agent.1001]
    phone = true                          # registered; default
    script = ["ringing +0.3: answer"]     # repeated for every call that rings
    [[caller]]
    at_s = 0.0
    number = "13800000001"
    dials = "4001"
    script = ["talking +1.0: hang up"]
    [[order]]
    when = "caller 1 talking +0.5"
    request = { do = "record.mask", contact = "caller 1" }
    [[expect.contact]]
    caller = 1
    outcome = "answered"

A script line is `TRIGGER [+SECONDS]: ACTION`. Its lines are done one after another. Triggers:
start, ringing, answered, over (the phone's own), step NAME, waiting, offered, talking, ended (the
floor's news of that call or agent). Actions: answer, busy, refuse, ignore, hang up, press DIGITS,
hold, unhold, refer NUMBER, dial NUMBER, vanish, register, unregister.
"""
