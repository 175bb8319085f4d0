"""docs/scenarios.md from the code: every key of a scenario."""

import msgspec

from ccore.sizing import draws, scenario
from docs.configuration import keys

__all__ = ["page"]

TABLES: tuple[tuple[str, type[msgspec.Struct], str], ...] = (
    ("Top level", scenario.Scenario, "The keys of the file itself."),
    (
        "`[callers.NAME]`",
        scenario.Callers,
        "A Poisson stream: callers who know nothing of one another. With a list in `per_hour` the "
        "rate changes from hour to hour.",
    ),
    ("`[staff.NAME]`", scenario.Staff, "Agents who are alike."),
    (
        "A length of time",
        draws.Span,
        "`talk`, `patience` and `answers` are one of: `{ mean_s = 180 }`, "
        "`{ mean_s = 180, cv = 1.2 }`, `{ fixed_s = 30 }`, `{ values_s = [20, 40, 300] }`.",
    ),
    (
        "`[[orders]]`",
        scenario.Order,
        "Any request of the [control socket](control-socket.md) that the floor answers.",
    ),
    (
        "`[replay]`",
        scenario.Replay,
        "See [A recorded day](simulation.md#a-recorded-day). What is on record comes in addition "
        "to `callers` and `staff`.",
    ),
)

HEAD = """# Scenarios

Made from `ccore/sizing/scenario.py` by `python -m docs`; edit there.

A scenario is what `ccore simulate` plays: a centre, its callers, its staff and a day. The smallest
useful one:

```toml
[callers.all]
to = "queue:service"
per_hour = 200
patience = { mean_s = 120 }

[staff.team]
count = 12

[centre.queues.service]
```

`centre` is a ccore.toml in the same file (`[centre.queues.service]`, `[centre.site]`), or the path
of one, relative to the scenario: `centre = "../ccore.toml"`. It is checked as ccore.toml is. Its
switch is replaced by the simulated one, and a nailed-up agent is rung as any other.

**Variants.** `[variants.NAME]` holds what is different: its tables are laid over those of the file,
key by key, and everything else in it replaces what the file says. An empty table takes one away.
`like = "OTHER"` begins where another variant ends. All variants of a file are simulated and stand
beside each other; with the same seed the same callers come, talk as long and are as patient in all
of them, as far as the variant does not change them.

**Sites.** `sites = ["north", "south"]` at the top of the file. A table with `{site}` in its name
(`[staff."{site}"]`) is repeated for every site, and `{site}` in it is the site's name; so is an
element of a list that has `{site}` in it. `"{sites}"` in a list is all of them. A table with the
name of one site, further down, is laid over what that site got.

**Clocks.** Times are `HH:MM` in the time zone of `[centre.site]`. Beyond `24:00` is the next
morning: a night is `opens = "20:00"`, `closes = "32:00"`.

**People.** A caller's patience begins when he is first told to wait. In an IVR he hears each prompt
to its end and presses the next key of `digits` a second later. An agent signs in when a shift
begins and out when it ends; a call that he is in he finishes.
"""


def page() -> str:
    parts = [HEAD]
    for heading, struct, words in TABLES:
        parts.append(f"## {heading}\n\n{words}\n")
        parts.append(keys(struct))
    return "\n".join(parts)
