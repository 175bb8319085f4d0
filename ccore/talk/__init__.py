"""A small blocking client of FreeSWITCH's event socket, for programs of your own.

    from ccore.talk import Switch

    with Switch("127.0.0.1", 8021, "secret") as switch:
        switch.subscribe("CHANNEL_HANGUP_COMPLETE")
        leg = switch.originate("user/1001", "&playback(tone_stream://%(200,0,440))")
        print(switch.wait("CHANNEL_HANGUP_COMPLETE", leg, timeout_s=60))

docs/python-api.md has all of it.
"""

from ccore.talk.switch import Switch

__all__ = ["Switch"]
