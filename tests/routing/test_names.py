"""Names become what the engine asks for: skills, language, territory, and who works where."""

from ccore._router import Router
from ccore.config.demand import Caller
from ccore.config.schema import (
    Agent,
    Config,
    Fallback,
    Language,
    Profile,
    Queue,
    Site,
    Territory,
    Turn,
)
from ccore.routing.names import Desk
from ccore.routing.widening import Reach

CONFIG = Config(
    site=Site(languages=("en", "zh", "yue")),
    territories=(Territory(prefix="020", site="south", skill="south"),),
    queues={
        "support": Queue(skills={"support": 3}, by_language=True),
        "sales": Queue(skills={"sales": 1}, by_territory=True),
        "vip": Queue(),
    },
    agents={
        "ann": Agent(skills={"support": 5, "en": 5, "zh": 1}),
        "bo": Agent(skills={"support": 3, "sales": 1, "yue": 2}),
        "cai": Agent(skills={"sales": 5, "south": 1, "support": 9, "en": 1}, queues=("sales",)),
    },
)


def desk_and_router(config: Config = CONFIG) -> tuple[Desk, Router]:
    router = Router()
    desk = Desk(config, router)
    staff(desk, config)
    return desk, router


def staff(desk: Desk, config: Config) -> None:
    for name in config.agents:
        desk.tell_agent(name)


def who(desk: Desk, need: int, config: Config = CONFIG) -> list[str]:
    return [name for name in config.agents if desk.serves(name, need)]


def test_the_callers_language_is_a_skill_where_the_queue_says_so() -> None:
    desk, _ = desk_and_router()
    assert who(desk, desk.need("support", Caller("zh"))) == ["ann"]
    assert who(desk, desk.need("support", Caller("yue"))) == ["bo"]
    assert desk.need("sales", Caller("zh")) == desk.need("sales", Caller("en"))


def test_the_territory_is_a_skill_where_the_queue_says_so() -> None:
    desk, _ = desk_and_router()
    assert who(desk, desk.need("sales", Caller("en", "south"))) == ["cai"]
    assert who(desk, desk.need("sales", Caller("en"))) == ["bo", "cai"]


def test_an_agent_bound_to_queues_gets_no_others() -> None:
    desk, _ = desk_and_router()
    assert who(desk, desk.need("support", Caller("en"))) == ["ann"]
    assert who(desk, desk.need("vip", Caller())) == ["ann", "bo"]
    assert [desk.can_serve("cai", queue) for queue in CONFIG.queues] == [False, True, False]


def test_either_language_will_do_after_the_fallback() -> None:
    config = Config(
        site=Site(languages=("yue", "zh")),
        languages={"yue": Language(then=(Fallback(language="zh", after_s=20),))},
        queues={"support": Queue(by_language=True)},
        agents={
            "ann": Agent(skills={"zh": 4}),
            "bo": Agent(skills={"yue": 2}),
            "cai": Agent(skills={"en": 9}),
        },
    )
    desk, _ = desk_and_router(config)
    caller = Caller("yue")
    assert who(desk, desk.need("support", caller), config) == ["bo"]
    assert who(desk, desk.need("support", caller, Reach(rung=1)), config) == ["ann", "bo"]


def test_a_queue_joins_the_list_of_a_profile_after_its_delay() -> None:
    turns = (Turn(queue="sales"), Turn(queue="support", order=2, delay_s=30))
    config = Config(
        queues={"sales": Queue(), "support": Queue()},
        profiles={"tiered": Profile(turns=turns)},
        agents={"ann": Agent(profile="tiered"), "bo": Agent(queues=("support",))},
    )
    desk, _ = desk_and_router(config)
    assert who(desk, desk.need("sales", Caller()), config) == ["ann"]
    assert who(desk, desk.need("support", Caller()), config) == ["bo"]
    assert who(desk, desk.need("support", Caller(), Reach(delay=1)), config) == ["ann", "bo"]


def test_a_changed_configuration_keeps_numbers_and_waiting_callers() -> None:
    desk, router = desk_and_router()
    router.call_waiting(7, desk.need("support", Caller("zh")), 0)
    changed = Config(
        site=CONFIG.site,
        queues={"support": Queue(skills={"expert": 1}, by_language=True)},
        agents={
            "dan": Agent(skills={"expert": 1, "zh": 1, "support": 3}),
            "ann": Agent(skills={"zh": 1}),
        },
    )
    later = Desk(changed, router, desk)
    assert later.agent("ann") == desk.agent("ann")
    router.remove_agent(desk.agent("bo"))
    router.remove_agent(desk.agent("cai"))
    staff(later, changed)
    router.change_need(7, later.need("support", Caller("zh")))
    router.agent_ready(later.agent("dan"), 0)
    match = router.offer_for_agent(later.agent("dan"), 10)
    assert match is not None
    assert (match.call, later.agent_name(match.agent)) == (7, "dan")


def test_a_place_in_the_file_counts_from_when_a_queue_goes_by_it() -> None:
    """Agents are told of again only as far as a change concerns them."""
    old = {name: Agent() for name in ("bo", "cai")}
    first = Config(queues={"q": Queue()}, agents=old)
    router = Router()
    desks = [Desk(first, router)]
    desks[0].tell_agents(None)
    for config in (
        Config(queues={"q": Queue()}, agents={"ann": Agent(), "cai": Agent(), "bo": Agent()}),
        Config(
            queues={"q": Queue(strategy="fixed-order"), "new": Queue()},
            agents={"ann": Agent(), "cai": Agent(), "bo": Agent(), "dan": Agent(queues=("new",))},
        ),
    ):
        desks.append(Desk(config, router, desks[-1]))
        desks[-1].tell_agents(desks[-2])
    desk, chosen = desks[-1], []
    for call, agent in enumerate(("bo", "cai", "ann")):
        router.agent_ready(desk.agent(agent), call)
    for call in range(3):
        router.call_waiting(call, desk.need("q", Caller()), 0)
        match = router.offer_for_call(call, 10)
        assert match is not None
        chosen.append(desk.agent_name(match.agent))
    assert chosen == ["ann", "cai", "bo"]
    assert desk.serves("dan", desk.need("new", Caller()))
    assert not desk.serves("dan", desk.need("q", Caller()))


def test_a_list_of_queues_follows_the_queues_that_there_are() -> None:
    agents = {"ann": Agent(queues=("new", "q"))}
    config = Config(queues={"q": Queue()}, agents=agents)
    router = Router()
    desk = Desk(config, router)
    desk.tell_agents(None)
    later = Desk(Config(queues={"q": Queue(), "new": Queue()}, agents=agents), router, desk)
    later.tell_agents(desk)
    assert later.serves("ann", later.need("new", Caller()))
