"""Names become what the engine asks for: skills, language, territory, and who works where."""

from ccore._router import Router
from ccore.config.schema import Agent, Config, Queue, Site, Territory
from ccore.routing.names import Desk, unserved

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
    staff(desk, router, config)
    return desk, router


def staff(desk: Desk, router: Router, config: Config) -> None:
    for name in config.agents:
        router.set_agent(desk.agent(name), desk.skills_of(name))


def who(desk: Desk, need: int, config: Config = CONFIG) -> list[str]:
    return [name for name in config.agents if desk.serves(name, need)]


def test_the_callers_language_is_a_skill_where_the_queue_says_so() -> None:
    desk, _ = desk_and_router()
    assert who(desk, desk.need("support", "zh")) == ["ann"]
    assert who(desk, desk.need("support", "yue")) == ["bo"]
    assert desk.need("sales", "zh") == desk.need("sales", "en")


def test_the_territory_is_a_skill_where_the_queue_says_so() -> None:
    desk, _ = desk_and_router()
    assert who(desk, desk.need("sales", "en", "south")) == ["cai"]
    assert who(desk, desk.need("sales", "en", "")) == ["bo", "cai"]


def test_an_agent_bound_to_queues_gets_no_others() -> None:
    desk, _ = desk_and_router()
    assert who(desk, desk.need("support", "en")) == ["ann"]
    assert who(desk, desk.need("vip")) == ["ann", "bo"]
    assert [desk.can_serve("cai", queue) for queue in CONFIG.queues] == [False, True, False]


def test_a_call_for_one_agent_in_person_is_for_him_alone() -> None:
    desk, _ = desk_and_router()
    assert who(desk, desk.need_of_agent("bo")) == ["bo"]
    assert desk.agent_name(desk.agent("bo")) == "bo"


def test_queues_that_nobody_can_serve_are_named() -> None:
    assert unserved(CONFIG) == []
    without_bo = Config(
        site=CONFIG.site,
        territories=CONFIG.territories,
        queues=CONFIG.queues,
        agents={name: agent for name, agent in CONFIG.agents.items() if name != "bo"},
    )
    assert unserved(without_bo) == ["support / yue"]
    assert unserved(Config(queues={"vip": Queue()})) == ["vip"]


def test_a_changed_configuration_keeps_numbers_and_waiting_callers() -> None:
    desk, router = desk_and_router()
    router.call_waiting(7, desk.need("support", "zh"), 0)
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
    staff(later, router, changed)
    router.change_need(7, later.need("support", "zh"))
    router.agent_ready(later.agent("dan"), 0)
    match = router.offer_for_agent(later.agent("dan"), 10)
    assert match is not None
    assert (match.call, later.agent_name(match.agent)) == (7, "dan")
