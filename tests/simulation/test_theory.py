"""The floor in virtual time, held against the formulas that telephony has had for a century."""

from statistics import NormalDist

import pytest

from ccore.sizing.confidence import Mean, mean_of, t_quantile
from ccore.sizing.reading import scenario_of
from ccore.sizing.theory import theory
from tests.simulation.theory_table import cases, check, most_misses

# Of each model a small one: the whole table is `python -m tests.simulation`.
FEW = ("B n=5 a=3", "B n=15 a=8.108", "C n=2 a=1", "C n=13 100", "A n=12 100", "A n=10 100")
CALLS, DAYS = 500, 5


def test_theory_lies_within_the_simulation_s_own_interval() -> None:
    chosen = [case for case in cases() if case.name.startswith(FEW)]
    assert len(chosen) == len(FEW)
    checks = [one for case in chosen for one in check(case, CALLS, DAYS)]
    outside = [one for one in checks if not one.is_inside]
    assert len(outside) <= most_misses(len(checks)), outside
    # And the intervals are narrow enough to say something.
    shares = [one for one in checks if one.figure == "abn1" and one.truth > 0.1]
    assert shares
    assert all(one.got.half is not None and one.got.half < 0.05 for one in shares)


def test_chance_is_allowed_its_share_and_no_more() -> None:
    assert most_misses(20) == 5  # one is expected
    assert most_misses(70) == 10  # three and a half are
    assert most_misses(1) == 1


def test_a_formula_stands_beside_a_scenario_that_it_fits() -> None:
    (case,) = (case for case in cases() if case.name.startswith("A n=12"))
    scenario = case.scenario(1000)
    got = theory(scenario_of(scenario))
    assert got is not None
    assert got["abn1"] == pytest.approx(case.truth["abn1"], rel=1e-9)
    assert got["p_wait"] == pytest.approx(case.truth["p_wait"], rel=1e-9)
    scenario["callers"]["all"]["talk"] = {"fixed_s": 180}
    assert theory(scenario_of(scenario)) is None


def test_an_unstable_scenario_has_no_formula_beside_it() -> None:
    scenario = {
        "callers": {"all": {"to": "queue:q", "per_hour": 100.0}},
        "staff": {"all": {"count": 5}},
        "centre": {"queues": {"q": {}}},
    }
    assert theory(scenario_of(scenario)) is None


@pytest.mark.parametrize(
    ("degrees", "t"), [(1, 12.7062), (2, 4.3027), (5, 2.5706), (9, 2.2622), (30, 2.0423)]
)
def test_students_t(degrees: int, t: float) -> None:
    assert t_quantile(degrees) == pytest.approx(t, abs=5e-5)


def test_many_days_are_nearly_normal() -> None:
    assert t_quantile(10_001) == pytest.approx(NormalDist().inv_cdf(0.975), abs=5e-4)


def test_means_of_days() -> None:
    assert mean_of([None, None]) is None
    assert mean_of([None, 3.0]) == Mean(3.0, None)
    got = mean_of([1.0, 2.0, 3.0])
    assert got is not None
    assert got.value == 2.0
    assert got.half == pytest.approx(4.3027 / 3**0.5, abs=1e-4)
    assert got.covers(4.0)
    assert not got.covers(4.6)
    assert not Mean(2.0, None).covers(2.0)
