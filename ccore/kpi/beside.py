"""Figures that stand beside the table: of agents against their schedule, and of repeat callers.

They are no function of sums that one pass gives; `adherence` and `repeats` compute them.
"""

from ccore.kpi.formula import Figure

__all__ = ["BESIDE", "OF_REPEATS", "OF_SCHEDULE"]

OF_SCHEDULE = (
    Figure(
        "adherence",
        "Adherence",
        "排班遵守率",
        "share",
        "seconds in the scheduled state at the scheduled time / scheduled seconds",
    ),
    Figure(
        "conformance",
        "Conformance",
        "实际工作率",
        "share",
        "seconds on the phone, whenever / seconds scheduled for the phone",
    ),
    Figure(
        "conformance_capped",
        "Conformance, capped",
        "实际工作率(封顶)",
        "share",
        "the same, of each agent at most what was scheduled",
    ),
    Figure(
        "utilisation_paid",
        "Utilisation of paid time",
        "工时利用率",
        "share",
        "(talk + hold + wrap-up) / scheduled seconds",
    ),
    Figure(
        "attendance",
        "Attendance",
        "出勤率",
        "share",
        "agents who came / agents scheduled, by local day of the shift",
    ),
    Figure("absenteeism", "Absenteeism", "缺勤率", "share", "1 - attendance"),
)
OF_REPEATS = (
    Figure(
        "fcr1",
        "First-call resolution",
        "一次解决率",
        "share",
        "1 - answered contacts followed by another within the window / answered",
    ),
    Figure(
        "fcr2",
        "Callers who came once",
        "仅来电一次的客户占比",
        "share",
        "callers with exactly one contact / callers",
    ),
    Figure(
        "fcr3",
        "Contacts of callers who came once",
        "仅来电一次的来电占比",
        "share",
        "contacts of callers with exactly one / contacts",
    ),
    Figure(
        "fcr4",
        "Problems per contact",
        "问题数与来电数之比",
        "share",
        "problems / contacts; contacts no further apart than the window are one problem",
    ),
    Figure(
        "ivr_containment_true",
        "IVR containment, true",
        "真实自助解决率",
        "share",
        "(ended in the IVR - of these who came again within the window) / entered the IVR",
    ),
)
BESIDE = {figure.name: figure for figure in (*OF_SCHEDULE, *OF_REPEATS)}
