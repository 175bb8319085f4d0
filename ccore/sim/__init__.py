"""A FreeSWITCH stand-in that speaks event-socket bytes, with simulated phones and callers.

It shares no code with `ccore.esl` or `ccore.floor`, so that a misunderstanding in one of them does
not find its twin here. What it says is held against captures of a real switch by `tests/sim`.

    switch.py      the whole, fed and asked: bytes in, bytes out, time as an argument
    wire.py        frames and commands; listener.py one client; events.py what an event carries
    core.py        clock, timers, outputs; pace.py how quick all is
    leg.py         one channel; media.py what it executes; calls.py how it lives and dies
    bridge.py      two channels joined; originate.py calls going out; dialplan.py the contract
    api.py         the api commands; phones.py the far ends; registrar.py who is registered
    population.py  callers and agents with habits; server.py the only file with sockets
"""
