"""Names of the prompts that ccore brings along; `ccore.prompts.texts` has their words.

A site's own [prompts.texts] may replace any of them, and refer to them by name.
"""

__all__ = ["SYSTEM_PROMPTS"]

SYSTEM_PROMPTS = (
    "closed",
    "fallback",
    "goodbye",
    "not_ready",
    "please_leave_message",
    "please_wait",
    "put_aside",
    "queue_full",
    "ready",
    "signed_in",
    "signed_out",
    "unknown_phone",
    "wrap_up_done",
    "wrong_entry",
)
