"""What a controller meets on the simulated switch, where the captures say nothing."""

import json

import pytest

from ccore.sim.pace import REAL
from tests.sim.client import Client


def apps(client: Client, leg: str) -> list[tuple[str, str]]:
    return [
        (each["Application-UUID"], each["Application-Response"])
        for each in client.heard("CHANNEL_EXECUTE_COMPLETE", leg)
        if each["Application"] in ("playback", "record")
    ]


def test_announcement_nests_in_music_and_music_goes_on() -> None:
    client = Client(options={"durations": lambda path: 3_000_000})
    leg = client.answered_call()
    client.run_app(leg, "playback", "moh.wav", loops=-1, Event_UUID="music")
    client.wait(1)
    client.run_app(leg, "playback", "you-are-first.wav", Event_UUID="words")
    client.wait(2.9)
    assert apps(client, leg) == []
    client.wait(0.2)
    assert apps(client, leg) == [("words", "FILE PLAYED")]
    client.wait(2)  # the rest of the first round of music
    assert apps(client, leg)[-1] == ("music", "FILE PLAYED")
    assert client.send(f"api uuid_exists {leg}") == "true"


def test_break_ends_everything_that_was_sent() -> None:
    client = Client()
    leg = client.answered_call()
    client.run_app(leg, "playback", "local_stream://moh", loops=-1, Event_UUID="music")
    client.wait(1)
    client.run_app(leg, "playback", "tone_stream://%(1,1,440);loops=-1", Event_UUID="words")
    client.wait(0.1)
    client.send(f"api uuid_break {leg} all")
    client.wait(0.1)
    assert apps(client, leg) == [("words", "FILE PLAYED"), ("music", "FILE PLAYED")]
    client.run_app(leg, "playback", "next.wav", Event_UUID="next")
    client.wait(2)
    assert apps(client, leg)[-1] == ("next", "FILE PLAYED")


def test_playback_right_behind_a_break_plays_in_full() -> None:
    client = Client(pace=REAL)
    leg = client.answered_call()
    client.run_app(leg, "playback", "silence_stream://-1", Event_UUID="music")
    client.wait(1)
    client.send(
        f"api uuid_break {leg} all",
        f"sendmsg {leg}\ncall-command: execute\nexecute-app-name: playback\n"
        "execute-app-arg: next.wav\nEvent-UUID: next",
    )
    client.wait(1)
    assert apps(client, leg) == [("music", "FILE PLAYED")]
    client.wait(1)
    assert apps(client, leg) == [("music", "FILE PLAYED"), ("next", "FILE PLAYED")]


def test_endless_playback_takes_no_break_and_no_digits() -> None:
    client = Client()
    leg = client.answered_call()
    client.run_app(leg, "endless_playback", "moh.wav")
    client.wait(1)
    client.send(f"api uuid_break {leg} all")
    client.act("caller:1", "digits", text="1")
    client.wait(5)
    assert client.heard("DTMF") == []
    assert [e["Application"] for e in client.heard("CHANNEL_EXECUTE_COMPLETE", leg)][-1] == "answer"
    client.run_app(leg, "playback", "menu.wav")
    client.wait(1)
    assert [each["DTMF-Digit"] for each in client.heard("DTMF")] == ["1"]


def test_missing_file_is_told() -> None:
    client = Client(options={"durations": lambda path: None})
    leg = client.answered_call()
    client.run_app(leg, "playback", "nowhere.wav", Event_UUID="a")
    client.wait(0.1)
    assert apps(client, leg) == [("a", "FILE NOT FOUND")]


def test_digits_do_not_stop_a_prompt() -> None:
    client = Client()
    leg = client.answered_call()
    client.run_app(leg, "playback", "menu.wav", Event_UUID="menu")
    client.act("caller:1", "digits", text="12*")
    client.wait(1)
    assert [each["DTMF-Digit"] for each in client.heard("DTMF")] == ["1", "2", "*"]
    assert apps(client, leg) == []


def test_fallback_serves_a_call_that_nobody_takes_up() -> None:
    client = Client(pace=REAL)
    leg = client.call()
    client.wait(12)
    (end,) = client.heard("CHANNEL_HANGUP_COMPLETE", leg)
    assert end["Caller-Context"] == "ccore-fallback"
    assert end["Hangup-Cause"] == "NORMAL_TEMPORARY_FAILURE"
    assert ("caller:1", "prompt") in [each[1:3] for each in client.happenings]


def test_fallback_is_disarmed_and_armed_again() -> None:
    client = Client()
    leg = client.call()
    assert client.send(f"api sched_del {leg}") == "+OK Deleted: 1\n"
    assert client.wait(30)[-1].name == "HEARTBEAT"
    assert client.send(f"api sched_transfer +3 {leg} fallback XML ccore-fallback") == "+OK\n"
    client.wait(2.9)
    assert client.heard("CHANNEL_ANSWER") == []
    client.wait(0.2)
    assert len(client.heard("CHANNEL_ANSWER")) == 1


def test_agents_leg_stays_between_calls_when_nailed_up() -> None:
    client = Client()
    client.act("agent:1001", "register")
    caller = client.answered_call()
    client.ring("1001", more=",park_after_bridge=true")
    client.act("agent:1001", "answer")
    client.send(f"api uuid_bridge {caller} agent-leg")
    client.wait(1)
    client.act("caller:1", "hangup")
    client.wait(0.1)
    assert len(client.heard("CHANNEL_PARK", "agent-leg")) == 2
    assert client.send("api uuid_exists agent-leg") == "true"
    assert client.send(f"api uuid_exists {caller}") == "false"


def test_agent_gone_before_the_bridge_gives_the_caller_back() -> None:
    client = Client(pace=REAL)
    client.act("agent:1001", "register")
    caller = client.answered_call()
    client.ring("1001")
    client.act("agent:1001", "answer")
    client.wait(0.1)
    assert client.send(f"api uuid_bridge {caller} agent-leg") == "+OK agent-leg\n"
    client.act("agent:1001", "hangup")
    client.wait(0.2)
    assert client.heard("CHANNEL_BRIDGE") == []
    parked = client.heard("CHANNEL_PARK", caller)[-1]
    assert parked["variable_ccore_way"] == "bridge-failed"
    assert client.send(f"api sched_del {caller}") == "+OK Deleted: 1\n"


def test_agent_gone_in_the_last_instant_leaves_the_caller_parked() -> None:
    client = Client(pace=REAL)
    client.act("agent:1001", "register")
    caller = client.answered_call()
    client.ring("1001")
    client.act("agent:1001", "answer")
    client.wait(0.1)
    client.send(f"api uuid_bridge {caller} agent-leg")
    client.wait(0.020)
    client.act("agent:1001", "hangup")
    client.wait(0.2)
    assert client.heard("CHANNEL_BRIDGE") == []
    parked = client.heard("CHANNEL_PARK", caller)[-1]
    assert (parked["Channel-State"], parked["variable_ccore_way"]) == ("CS_PARK", "inbound")


def test_blind_transfer_by_a_nailed_up_agent_ends_his_leg() -> None:
    client = Client()
    client.act("agent:1001", "register")
    caller = client.answered_call()
    client.ring("1001", more=",park_after_bridge=true")
    client.act("agent:1001", "answer")
    client.send(f"api uuid_bridge {caller} agent-leg")
    client.wait(0.1)
    client.act("agent:1001", "refer", number="4002")
    client.wait(0.1)
    (end,) = client.heard("CHANNEL_HANGUP_COMPLETE")
    assert (end["Unique-ID"], end["variable_sip_hangup_disposition"]) == ("agent-leg", "recv_bye")
    assert client.heard("CHANNEL_PARK", caller)[-1]["variable_ccore_transfer"] == "4002"


def test_blind_transfer_brings_the_caller_back_with_the_number() -> None:
    client = Client()
    caller, _ = client.talk()
    client.act("agent:1001", "refer", number="4002")
    client.wait(0.1)
    parked = client.heard("CHANNEL_PARK", caller)[-1]
    assert parked["Caller-Context"] == "ccore-transfer"
    assert (parked["variable_ccore_transfer"], parked["variable_ccore_way"]) == ("4002", "transfer")
    assert client.send("api uuid_exists agent-leg") == "false"
    assert client.send(f"api uuid_exists {caller}") == "true"


def test_hold_is_told_and_undone() -> None:
    client = Client()
    caller, agent = client.talk()
    client.act("agent:1001", "hold")
    client.act("agent:1001", "unhold")
    assert client.send(f"api uuid_hold {agent}") == "+OK Success\n"
    assert client.send(f"api uuid_hold {agent}") == "-ERR Operation failed\n"
    assert client.send(f"api uuid_hold off {agent}") == "+OK Success\n"
    client.wait(0.1)
    assert (
        len(client.heard("CHANNEL_HOLD", agent)) == len(client.heard("CHANNEL_UNHOLD", agent)) == 2
    )
    assert client.send(f"api uuid_exists {caller}") == "true"


def test_recording_is_kept_with_its_length() -> None:
    client = Client()
    caller, _ = client.talk()
    assert client.send(f"api uuid_record {caller} start /rec/a.wav") == "+OK Success\n"
    client.wait(2)
    assert client.send(f"api uuid_record {caller} mask /rec/a.wav") == "+OK Success\n"
    assert client.send(f"api uuid_record {caller} mask /rec/b.wav").startswith("-ERR")
    client.wait(3)
    client.act("agent:1001", "hangup")
    client.wait(0.1)
    (path, length_ms, kind) = client.files[0]
    assert (path, kind) == ("/rec/a.wav", "call")
    assert length_ms == pytest.approx(5000, abs=100)
    names = [each.name for each in client.events if each["Unique-ID"] == caller]
    assert names.index("RECORD_STOP") < names.index("CHANNEL_HANGUP_COMPLETE")


def test_message_ends_by_silence_or_by_its_limit() -> None:
    client = Client()
    leg = client.answered_call()
    client.act("caller:1", "speak", ms=4000)
    client.run_app(leg, "mkdir", "/vm")
    client.run_app(leg, "record", "/vm/1.wav 30 200 3", Event_UUID="first")
    client.wait(6.9)
    assert client.files == []
    client.wait(0.2)
    assert client.files == [("/vm/1.wav", 7000, "voicemail")]
    client.act("caller:1", "speak", ms=60_000)
    client.run_app(leg, "record", "/vm/2.wav 10 200 3", Event_UUID="second")
    client.wait(11)
    assert client.files[1] == ("/vm/2.wav", 10_000, "voicemail")
    assert apps(client, leg) == [("first", "_none_"), ("second", "_none_")]


def test_leg_that_vanishes_is_noticed_later() -> None:
    client = Client(options={"media_timeout_us": 10_000_000})
    leg = client.answered_call()
    client.act("caller:1", "vanish")
    client.act("caller:1", "hangup")  # nothing comes through any more
    client.wait(9)
    assert client.send(f"api uuid_exists {leg}") == "true"
    client.wait(2)
    (end,) = client.heard("CHANNEL_HANGUP_COMPLETE", leg)
    assert end["Hangup-Cause"] == "MEDIA_TIMEOUT"
    assert end["variable_sip_hangup_disposition"] == "send_bye"


@pytest.mark.parametrize(
    ("code", "feature", "reason"),
    [
        ("*11", "sign_in", ""),
        ("*12", "sign_out", ""),
        ("*13", "ready", ""),
        ("*14", "not_ready", ""),
        ("*142", "not_ready", "2"),
        ("*15", "wrap_up_done", ""),
    ],
)
def test_feature_code_parks_with_who_and_what(code: str, feature: str, reason: str) -> None:
    client = Client()
    client.act("agent:1001", "dial", number=code)
    client.wait(0.1)
    (parked,) = client.heard("CHANNEL_PARK")
    assert parked["variable_ccore_feature"] == feature
    assert parked["variable_ccore_reason"] == reason
    assert parked["variable_ccore_user"] == "1001"
    assert parked["variable_ccore_way"] == "feature"


def test_agent_dials_a_code_on_the_other_line_while_he_talks() -> None:
    client = Client()
    caller, agent = client.talk()
    client.act("agent:1001", "dial", number="*12")
    client.wait(0.1)
    assert client.heard("CHANNEL_PARK")[-1]["variable_ccore_feature"] == "sign_out"
    client.act("agent:1001", "hangup", line="out")
    client.wait(0.1)
    assert [e["Unique-ID"] for e in client.heard("CHANNEL_HANGUP_COMPLETE")] != [caller, agent]
    assert client.switch.legs == 2
    client.ring("1001", leg="second-leg")
    client.wait(0.1)
    assert client.heard("CHANNEL_HANGUP_COMPLETE", "second-leg")[0]["Hangup-Cause"] == "USER_BUSY"


def test_agent_calls_out_and_a_stranger_number_is_barred() -> None:
    client = Client()
    client.act("agent:1001", "dial", number="55512345")
    client.wait(5)
    (bridge,) = client.heard("CHANNEL_BRIDGE")
    assert bridge["variable_ccore_outbound"] == "55512345"
    client.act("outside:55512345", "hangup")
    client.wait(1)
    assert client.switch.legs == 0
    client.act("agent:1001", "dial", number="0019005551234567")
    client.wait(1)
    assert client.heard("CHANNEL_HANGUP_COMPLETE")[-1]["Hangup-Cause"] == "OUTGOING_CALL_BARRED"


def test_overflow_to_a_number_outside() -> None:
    client = Client()
    leg = client.answered_call()
    client.send(f"api uuid_transfer {leg} 5551234 XML ccore-outbound")
    client.wait(5)
    assert client.heard("CHANNEL_BRIDGE", leg)
    client.act("caller:1", "hangup")
    client.wait(1)
    assert client.switch.legs == 0


def test_an_outside_number_that_is_busy_leads_to_the_fallback() -> None:
    client = Client()
    leg = client.answered_call()
    client.send(f"api uuid_transfer {leg} 5551234 XML ccore-outbound")
    client.wait(0.1)
    client.act("outside:5551234", "busy")
    client.wait(1)
    assert client.switch.core.legs[leg].context == "ccore-fallback"


def test_name_with_a_line_break_forges_nothing() -> None:
    client = Client()
    hostile = "Eve\r\nUnique-ID: forged\n\nEvent-Name: HEARTBEAT %0A${reload}"
    leg = client.call(name=hostile, calling="1'; drop")
    (parked,) = client.heard("CHANNEL_PARK")
    assert parked["Unique-ID"] == leg != "forged"
    assert parked["Caller-Caller-ID-Name"] == "Eve"
    assert parked["Caller-Caller-ID-Number"] == "anonymous"
    # What SIP said stays in the variables: as a value, encoded.
    assert "Eve\r\nUnique-ID: forged\n\nEvent-Name" in parked["variable_sip_full_from"]


def test_only_what_was_asked_for_is_told() -> None:
    client = Client()
    assert client.send("noevents") == "+OK no longer listening for events"
    client.send("event plain CHANNEL_PARK CUSTOM sofia::register")
    client.events.clear()
    client.act("agent:1001", "register")
    client.act("agent:1001", "unregister")
    client.call()
    assert [each.name for each in client.events] == ["CUSTOM", "CHANNEL_PARK"]
    client.send("filter Caller-Destination-Number 4999")
    with pytest.raises(StopIteration):
        client.call("caller:2", called="4998")
    client.call("caller:3", called="4999")


def test_an_event_waits_for_the_poll_unless_nudged() -> None:
    client = Client(pace=REAL)
    client.act("caller:1", "call", called="4000", calling="1")
    before = len(client.events)
    client.switch.receive(1, b"\n", client.now_us)
    client.wait(0)
    assert len(client.events) > before
    client.act("caller:2", "call", called="4000", calling="1")
    seen = len(client.events)
    client.wait(0.001)
    assert len(client.events) == seen
    client.wait(0.020)
    assert len(client.events) > seen


def test_the_acl_and_a_wrong_password_shut_the_door() -> None:
    client = Client(options={"admits": lambda conn: conn != 2})
    client.switch.connect(2, client.now_us)
    client.switch.connect(3, client.now_us)
    client.switch.receive(3, b"auth plum\n\n", client.now_us)
    said = dict(client.switch.take_output())
    assert b"text/rude-rejection" in said[2]
    assert b"-ERR invalid" in said[3]
    assert b"text/disconnect-notice" in said[3]
    assert client.switch.closed() == [2, 3]


def test_snapshot_has_what_a_controller_needs_back() -> None:
    client = Client()
    caller, agent = client.talk()
    client.send(f"api uuid_setvar_multi {caller} ccore_queue=sales;ccore_priority=30")
    table = json.loads(client.send("api show channels as json"))
    assert {row["uuid"] for row in table["rows"]} == {caller, agent}
    dump = json.loads(client.send(f"api uuid_dump {caller} json"))
    assert dump["variable_ccore_queue"] == "sales"
    assert dump["Other-Leg-Unique-ID"] == agent
    registered = json.loads(client.send("api show registrations as json"))
    assert [row["reg_user"] for row in registered["rows"]] == ["1001"]
    assert client.send("api version").startswith("FreeSWITCH Version 1.10.12")
    assert client.send("api module_exists mod_sofia") == "true"
    assert client.send("api module_exists mod_callcenter") == "false"


def test_same_seed_same_bytes() -> None:
    def bytes_of_one_call() -> list[dict[str, str]]:
        client = Client(pace=REAL)
        client.talk()
        return [each.headers for each in client.events]

    assert bytes_of_one_call() == bytes_of_one_call()


def test_a_phone_cannot_do_what_phones_cannot() -> None:
    client = Client()
    with pytest.raises(ValueError, match="it can: register"):
        client.act("agent:1001", "explode")
    with pytest.raises(ValueError, match="expected agent:ID"):
        client.act("1001", "answer")


def test_record_without_its_directory_hangs_up() -> None:
    client = Client()
    leg = client.answered_call()
    client.run_app(leg, "record", "/nowhere/1.wav 30 200 3", Event_UUID="first")
    client.wait(1)
    assert client.switch.legs == 0
