"""What a formula says of a scenario, where one applies: one steady stream to agents all alike."""

from ccore.errors import BadRequest
from ccore.sizing.erlang import blocking
from ccore.sizing.patience import impatient
from ccore.sizing.scenario import Named
from ccore.sizing.staffing import Demand, serve

__all__ = ["theory"]


def theory(named: Named) -> dict[str, float] | None:
    """Figures by name as in the outcome, with `model`; None where no formula fits.

    Erlang B where callers leave at once, C where nobody gives up, A where patience is exponential.
    """
    scenario = named.scenario
    if len(scenario.callers) != 1 or len(scenario.staff) != 1 or scenario.replay:
        return None
    (stream,), (staff,) = scenario.callers.values(), scenario.staff.values()
    queue = stream.to.removeprefix("queue:")
    settings = named.config.queues.get(queue)
    is_steady = isinstance(stream.per_hour, float) and stream.talk.is_exponential
    is_plain = not staff.shifts and not staff.misses and staff.answers.average_s == 0
    if not (is_steady and is_plain and settings and stream.to.startswith("queue:")):
        return None
    if settings.wrap_up_s or settings.max_wait_s or settings.max_waiting or scenario.orders:
        return None
    assert isinstance(stream.per_hour, float)
    calls_per_s, handle_s = stream.per_hour / 3600, stream.talk.average_s
    within_s, patience = settings.service_level.within_s, stream.patience
    if patience is not None and patience.fixed_s == 0:
        lost = blocking(staff.count, calls_per_s * handle_s)
        busy = calls_per_s * handle_s * (1 - lost) / staff.count
        return {"service_level": 1 - lost, "abn1": lost, "occupancy": busy}
    if patience is not None and not patience.is_exponential:
        return None
    try:
        if patience is None:
            got = serve(Demand(calls_per_s=calls_per_s, handle_s=handle_s), staff.count, within_s)
            found = {"abn1": 0.0, "wait": got.wait_s, "asa": got.wait_s}
            return found | {
                "service_level": got.service_level,
                "p_wait": got.p_wait,
                "occupancy": got.occupancy,
            }
        more = impatient(staff.count, calls_per_s, handle_s, patience.average_s, within_s)
    except BadRequest:
        return None
    return {
        "service_level": more.service_level,
        "abn1": more.abandoned,
        "wait": more.wait_s,
        "asa": more.wait_answered_s,
        "p_wait": more.p_wait,
        "occupancy": more.occupancy,
    }
