"""What a call asks for, stage by stage: it widens and never narrows."""

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.config import Config, schema
from ccore.config.demand import Caller, Demand, Stage, Wants, demand, meets, rungs, turn_of

SITES, TEAMS, GROUPS = ("north", "south", "east"), ("red", "blue"), ("senior", "trainee", "help")
SKILLS = ("cards", "loans", "zh", "yue", "en", "south-land")
LANGUAGES = ("yue", "zh", "en")


def some(names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(names), max_size=2, unique=True).map(tuple)


def leveled(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, int]]:
    return st.dictionaries(st.sampled_from(names), st.integers(1, 10), max_size=3)


STEPS = st.builds(
    schema.Widening,
    drop=some(SKILLS),
    lower=leveled(SKILLS),
    any_language=st.booleans(),
    any_territory=st.booleans(),
    sites=some(SITES),
    teams=some(TEAMS),
    groups=some(GROUPS),
)
QUEUES = st.builds(
    schema.Queue,
    skills=leveled(SKILLS),
    forbid=some(SKILLS),
    by_language=st.booleans(),
    by_territory=st.booleans(),
    sites=some(SITES),
    teams=some(TEAMS),
    groups=some(GROUPS),
    steps=st.lists(STEPS, max_size=4).map(tuple),
    reserve=st.none() | st.builds(schema.Reserve, groups=some(GROUPS)),
)
AGENTS = st.builds(
    schema.Agent,
    skills=leveled(SKILLS),
    site=st.sampled_from(("", *SITES)),
    team=st.sampled_from(("", *TEAMS)),
    group=st.sampled_from(("", *GROUPS)),
)
RULES = st.builds(
    schema.Language,
    then=st.lists(
        st.builds(schema.Fallback, language=st.sampled_from(LANGUAGES), after_s=st.integers(0, 9)),
        max_size=2,
    ).map(tuple),
    sites=some(SITES),
    sites_s=st.sampled_from([0, 5]),
)
CALLERS = st.builds(
    Caller,
    language=st.sampled_from(LANGUAGES),
    territory=st.sampled_from(("", "south-land")),
    wants=st.builds(Wants, skills=st.sampled_from([(), (("cards", 4),)]), forbid=some(SKILLS)),
)


@settings(deadline=None, max_examples=150)
@given(
    queue=QUEUES,
    agents=st.lists(AGENTS, min_size=1, max_size=8),
    rule=RULES,
    caller=CALLERS,
    evacuated=some(SITES),
)
def test_who_may_be_asked_may_be_asked_ever_after(
    queue: schema.Queue,
    agents: list[schema.Agent],
    rule: schema.Language,
    caller: Caller,
    evacuated: tuple[str, ...],
) -> None:
    config = Config(
        queues={"q": queue},
        languages={"yue": rule},
        agents={str(at): agent for at, agent in enumerate(agents)},
    )

    def asked(stage: Stage) -> set[str]:
        wanted = demand(config, "q", caller, stage, frozenset(evacuated))
        return {name for name, agent in config.agents.items() if meets(config, agent, wanted)}

    last = len(rungs(config, "q", caller.language)) - 1
    for reserve in (False, True):
        for rung in range(last + 1):
            for step in range(len(queue.steps)):
                assert asked(Stage(step, rung, reserve)) <= asked(Stage(step + 1, rung, reserve))
    for step in range(len(queue.steps) + 1):
        assert asked(Stage(step, last, False)) <= asked(Stage(step, last, True))
        for rung in range(last):
            assert asked(Stage(step, rung, True)) <= asked(Stage(step, rung + 1, True))


CONFIG = Config(
    languages={
        "yue": schema.Language(
            then=(schema.Fallback(language="zh", after_s=20),), sites=("south",), sites_s=15
        )
    },
    queues={
        "cards": schema.Queue(
            skills={"cards": 5},
            by_language=True,
            steps=(
                schema.Widening(after_s=30, lower={"cards": 2}),
                schema.Widening(after_s=60, drop=("cards",)),
            ),
        )
    },
    profiles={
        "tier2": schema.Profile(turns=(schema.Turn(queue="cards", order=2, delay_s=30),)),
    },
)


def test_a_dialect_goes_to_its_site_then_everywhere_then_to_the_next_language() -> None:
    first, everywhere, mandarin = rungs(CONFIG, "cards", "yue")
    assert first == (0, ("yue",), ("south",))
    assert everywhere == (15, ("yue",), ())
    assert mandarin == (20, ("yue", "zh"), ())
    assert [rung.after_s for rung in rungs(CONFIG, "cards", "zh")] == [0]


def test_steps_lower_a_level_and_then_drop_the_skill() -> None:
    stages = [demand(CONFIG, "cards", Caller("zh"), Stage(step)) for step in range(3)]
    assert [one.skills for one in stages] == [(("cards", 5),), (("cards", 2),), ()]
    assert all(one.languages == ("zh",) for one in stages)
    for earlier, later in pairwise(stages):
        assert earlier != later


def test_what_the_caller_chose_is_laid_over_what_the_queue_asks_for() -> None:
    choice = schema.Want(next="go", skills={"cards": 8, "gold": 3}, forbid=("trainee",))
    wants = Wants().also(choice).also(schema.Entry(number="1", to="hangup", skills={"gold": 1}))
    wanted = demand(CONFIG, "cards", Caller("zh", "", wants))
    assert wanted.skills == (("cards", 8), ("gold", 3))
    assert wanted.forbid == {"trainee"}


def test_a_profile_says_which_queues_in_which_order() -> None:
    tiered = schema.Agent(profile="tier2")
    assert turn_of(CONFIG, tiered, "cards") == (2, 30)
    assert turn_of(CONFIG, tiered, "loans") is None
    assert turn_of(CONFIG, schema.Agent(), "loans") == (1, 0)
    assert turn_of(CONFIG, schema.Agent(queues=("cards",)), "loans") is None


def test_a_site_that_is_evacuated_is_not_waited_for() -> None:
    config = Config(
        queues={
            "near": schema.Queue(sites=("south",)),
            "land": schema.Queue(by_territory=True),
        },
        agents={
            "ann": schema.Agent(site="south", skills={"south-land": 1}),
            "bo": schema.Agent(site="north"),
        },
    )
    gone = frozenset({"south"})

    def served(wanted: Demand) -> list[str]:
        return [name for name, agent in config.agents.items() if meets(config, agent, wanted)]

    for queue in ("near", "land"):
        caller = Caller(territory="south-land")
        assert served(demand(config, queue, caller)) == ["ann"]
        assert "bo" in served(demand(config, queue, caller, evacuated=gone))


def test_a_step_that_adds_a_site_takes_nobody_away_from_an_evacuated_one() -> None:
    queue = schema.Queue(sites=("south",), steps=(schema.Widening(after_s=9, sites=("east",)),))
    config = Config(queues={"near": queue})
    for step in range(2):
        wanted = demand(config, "near", Caller(), Stage(step), frozenset({"south"}))
        assert meets(config, schema.Agent(site="north"), wanted)


@given(
    text=st.text("cards:,/0123456789.-enaif", max_size=24)
    | st.builds("{}:{}/{}:{}/{}".format, *[st.sampled_from(["cards", "9", "11", "nan", "0.5"])] * 5)
)
def test_what_a_channel_says_that_a_caller_wants_is_what_may_be_wanted_or_nothing(
    text: str,
) -> None:
    wants = Wants.from_text(text)
    assert all(1 <= level <= 10 for _, level in wants.skills)
    assert all(0.001 <= weight <= 1_000 for _, weight in wants.prefer)
    assert Wants.from_text(wants.as_text()) == wants
