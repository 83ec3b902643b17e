"""The server's side of a connection, without one: every frame, in every phase, and what it brings about."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashstream.protocol import control
from dashstream.protocol.codes import CloseCode, ErrorCode, Outcome, StartFrom
from dashstream.protocol.effects import (
    Authenticate,
    Close,
    Credit,
    Effect,
    End,
    Open,
    Reauthenticate,
    Send,
    ServerIdentity,
    SessionLimits,
)
from dashstream.protocol.position import PositionFault
from dashstream.protocol.session import BAD_FRAME_WINDOW_S, MAX_EARLY_FRAMES, ServerSession

LIMITS = SessionLimits(
    max_frame_bytes=65_536,
    max_record_bytes=1_000_000,
    max_batch_bytes=100_000,
    max_window_bytes=1_000_000,
    max_subscriptions=3,
    max_resume_partitions=4,
    max_resume_threads=4,
    max_filter_values=5,
    hello_timeout_s=10.0,
    bad_frames=3,
)
IDENTITY = ServerIdentity("1.0", "instance", "topic", "epoch-1", 1, partition_count=4)
HELLO = {"type": "hello", "protocol": "dashstream.v2", "client": {"name": "c", "version": "1"}}
SUBSCRIBE = {"type": "subscribe", "id": 1, "start": {"from": "earliest"}}


class Peer:
    """Drives a session; time is what the test says."""

    def __init__(self, limits: SessionLimits = LIMITS) -> None:
        self.now = 0.0
        self.session = ServerSession(limits, IDENTITY, "session", now=self.now)

    def say(self, frame: dict[str, Any] | str | bytes) -> list[Effect]:
        data = frame if isinstance(frame, bytes) else (frame if isinstance(frame, str) else json.dumps(frame)).encode()
        return self.session.receive(data, self.now)

    def welcomed(self, tenants: frozenset[str] | None = None, **hello: Any) -> Peer:
        assert self.say({**HELLO, **hello}) == [Authenticate(hello.get("token"))]
        (welcome,) = self.session.welcome(tenants, [], self.now)
        assert isinstance(welcome, Send)
        return self


@pytest.fixture
def peer() -> Peer:
    return Peer().welcomed()


def error_of(effects: list[Effect]) -> control.Error:
    assert isinstance(effects[0], Send)
    assert isinstance(effects[0].frame, control.Error)
    return effects[0].frame


def closing_of(effects: list[Effect]) -> Close:
    assert isinstance(effects[-1], Close)
    return effects[-1]


def test_hello_then_welcome() -> None:
    peer = Peer()
    assert peer.say({**HELLO, "token": "t", "compression": ["br", "zstd"], "max_batch_bytes": 5_000}) == [
        Authenticate("t")
    ]
    assert not peer.session.is_ready
    (send,) = peer.session.welcome(None, [control.PartitionRange(0, "0", "7")], 0.0)
    assert isinstance(send, Send)
    welcome = send.frame
    assert isinstance(welcome, control.Welcome)
    assert (welcome.epoch, welcome.topic, welcome.session, welcome.compression) == (
        "epoch-1",
        "topic",
        "session",
        "zstd",
    )
    assert welcome.limits.max_subscriptions == 3
    assert peer.session.is_ready
    assert peer.session.max_batch_bytes == 5_000
    assert peer.session.welcome(None, [], 0.0) == [], "only once"


def test_a_client_may_not_raise_the_batch_limit() -> None:
    assert Peer().welcomed(max_batch_bytes=10**9).session.max_batch_bytes == LIMITS.max_batch_bytes


@pytest.mark.parametrize("frame", [SUBSCRIBE, {"type": "ping", "t": 1}, {"type": "auth", "token": "t"}])
def test_the_first_frame_is_hello(frame: dict[str, Any]) -> None:
    effects = Peer().say(frame)
    assert error_of(effects).code == ErrorCode.UNEXPECTED_FRAME
    assert closing_of(effects).code is CloseCode.BAD_REQUEST


def test_another_protocol_is_told_what_is_spoken() -> None:
    effects = Peer().say({**HELLO, "protocol": "dashstream.v9"})
    error = error_of(effects)
    assert error.code == ErrorCode.PROTOCOL_UNSUPPORTED
    assert error.details == {"supported": ["dashstream.v2"]}
    assert not closing_of(effects).code.retryable


@pytest.mark.parametrize("said", [[], [HELLO]], ids=["silent", "authenticating"])
def test_without_a_welcome_in_time_it_is_closed(said: list[dict[str, Any]]) -> None:
    peer = Peer()
    for frame in said:
        peer.say(frame)
    assert peer.session.tick(9.99) == []
    assert closing_of(peer.session.tick(10.0)).code is CloseCode.UNAUTHENTICATED
    assert peer.session.tick(11.0) == []


def test_a_welcomed_client_has_no_deadline(peer: Peer) -> None:
    assert peer.session.tick(10**9) == []


def test_what_comes_before_the_welcome_waits_and_is_bounded() -> None:
    peer = Peer()
    peer.say(HELLO)
    assert peer.say(SUBSCRIBE) == []
    effects = peer.session.welcome(None, [], 0.0)
    assert [type(effect) for effect in effects] == [Send, Open]
    flood = Peer()
    flood.say(HELLO)
    for _ in range(MAX_EARLY_FRAMES):
        assert flood.say(SUBSCRIBE) == []
    assert closing_of(flood.say(SUBSCRIBE)).code is CloseCode.BAD_REQUEST


def test_a_refused_token() -> None:
    peer = Peer()
    peer.say(HELLO)
    effects = peer.session.refuse("not valid")
    assert error_of(effects).code == ErrorCode.UNAUTHENTICATED
    assert closing_of(effects).code is CloseCode.UNAUTHENTICATED
    assert peer.session.refuse("again") == []


def test_a_token_that_expires_is_told_ahead_and_ends_the_session_after_its_grace() -> None:
    peer = Peer()
    peer.say(HELLO)
    peer.session.welcome(None, [], 0.0, valid_s=100.0)
    assert peer.session.tick(39.9) == []
    assert peer.session.tick(40.0) == [Send(control.Expiring(60_000))]
    assert peer.session.tick(41.0) == [], "told once"
    peer.now = 99.9
    assert request_of(peer.say(SUBSCRIBE)).id == 1
    peer.now = 100.0
    error, verdict = peer.say({**SUBSCRIBE, "id": 2})
    assert error_of([error]).code == ErrorCode.UNAUTHENTICATED
    assert isinstance(verdict, Send)
    assert isinstance(verdict.frame, control.ReplayComplete)
    assert verdict.frame.outcome == Outcome.REFUSED
    assert peer.session.tick(129.9) == [], "what is open goes on for the grace time"
    assert closing_of(peer.session.tick(130.0)).code is CloseCode.UNAUTHENTICATED


def test_a_renewed_token_expires_by_its_own_time() -> None:
    peer = Peer()
    peer.say(HELLO)
    peer.session.welcome(None, [], 0.0, valid_s=100.0)
    peer.session.tick(50.0)
    assert peer.session.renewed(None, 110.0, valid_s=100.0) == [], "within the grace time"
    peer.now = 110.0
    assert request_of(peer.say(SUBSCRIBE)).id == 1
    assert peer.session.tick(140.0) == []
    assert peer.session.tick(160.0) == [Send(control.Expiring(50_000))], "told anew"
    assert peer.session.renewed(None, 170.0) == []
    assert peer.session.tick(1e9) == [], "a token without an expiry"


def test_a_token_is_renewed_for_the_same_tenants_only() -> None:
    peer = Peer().welcomed(frozenset({"a"}))
    assert peer.say({"type": "auth", "token": "new"}) == [Reauthenticate("new")]
    assert peer.session.renewed(frozenset({"a"}), 0.0) == []
    assert closing_of(peer.session.renewed(frozenset({"a", "b"}), 0.0)).code is CloseCode.FORBIDDEN


@pytest.mark.parametrize("t", [1, 1.5, "x"])
def test_ping(peer: Peer, t: Any) -> None:
    assert peer.say({"type": "ping", "t": t}) == [Send(control.Pong(t))]


def test_hello_comes_once(peer: Peer) -> None:
    assert error_of(peer.say(HELLO)).code == ErrorCode.UNEXPECTED_FRAME


BAD = [
    "",
    "null",
    "[]",
    "{",
    b"\xff\xfe",
    "[" * 50_000,
    {"type": "subscribe"},
    {**SUBSCRIBE, "surprise": 1},
    {**SUBSCRIBE, "id": 0},
    {**SUBSCRIBE, "id": "1"},
    {**SUBSCRIBE, "id": 2**31},
    {**SUBSCRIBE, "window_bytes": 0},
    {**SUBSCRIBE, "filter": {"runs": []}},
    {**SUBSCRIBE, "filter": {"colours": ["red"]}},
    {**SUBSCRIBE, "start": {"from": 1}},
    {"type": "ack", "id": 1, "positions": {"0": 1}},
    {"type": "ack", "id": 1, "positions": {"01": "1"}},
    {"type": "ack", "id": 1, "positions": {"0": "-1"}},
    {"type": "ping"},
    {"type": "ping", "t": "x" * 300},
]


@pytest.mark.parametrize("frame", BAD, ids=range(len(BAD)))
def test_a_bad_frame_is_answered_and_changes_nothing(peer: Peer, frame: Any) -> None:
    (effect,) = peer.say(frame)
    error = error_of([effect])
    assert error.code == ErrorCode.BAD_FRAME
    assert len(error.message) <= 200
    assert peer.say(SUBSCRIBE)[0] == Open(request_of(peer.say({**SUBSCRIBE, "id": 2}), id=1))


def request_of(effects: list[Effect], **changes: Any) -> Any:
    import dataclasses

    (opened,) = effects
    assert isinstance(opened, Open)
    return dataclasses.replace(opened.request, **changes) if changes else opened.request


def test_an_unknown_type_has_its_own_code(peer: Peer) -> None:
    assert error_of(peer.say({"type": "dance"})).code == ErrorCode.UNKNOWN_TYPE
    assert error_of(peer.session.receive_binary(0.0)).code == ErrorCode.BAD_FRAME


def test_too_many_bad_frames_within_a_minute_end_it(peer: Peer) -> None:
    for _ in range(2):
        assert len(peer.say("bad")) == 1
    assert closing_of(peer.say("bad")).code is CloseCode.BAD_REQUEST


def test_bad_frames_are_forgiven_in_time(peer: Peer) -> None:
    for _ in range(50):
        assert len(peer.say("bad")) == 1
        peer.now += BAD_FRAME_WINDOW_S / 2 + 0.01


def test_a_subscribe_opens(peer: Peer) -> None:
    frame = {
        **SUBSCRIBE,
        "filter": {"runs": ["r"]},
        "strict": True,
        "window_bytes": 10**9,
        "start": {"from": "cursor", "epoch": "e", "positions": {"0": "5", "3": str(2**63 - 1)}},
    }
    request = request_of(peer.say(frame))
    assert (request.id, request.start, request.epoch, request.strict) == (1, StartFrom.CURSOR, "e", True)
    assert request.positions == {0: 5, 3: 2**63 - 1}
    assert request.faults == {}
    assert request.window_bytes == LIMITS.max_window_bytes, "the limit is the gateway's"


CURSOR = {"from": "cursor", "epoch": "e"}

REFUSED = [
    ({"start": {"from": "middle"}}, ErrorCode.BAD_START),
    ({"start": {"from": "latest", "epoch": "e"}}, ErrorCode.BAD_START),
    ({"start": {"from": "earliest", "positions": {"0": "1"}}}, ErrorCode.BAD_START),
    ({"start": {"from": "earliest", "step": "1"}}, ErrorCode.BAD_START),
    ({"start": {"from": "snapshot", "step": "1", "sequence": "2"}}, ErrorCode.BAD_START),
    ({"start": {"from": "cursor", "epoch": "e"}}, ErrorCode.BAD_START),
    ({"start": {"from": "cursor", "positions": {}}}, ErrorCode.BAD_START),
    ({"start": {**CURSOR, "positions": {str(n): "0" for n in range(5)}}}, ErrorCode.TOO_MANY_POSITIONS),
    ({"start": {**CURSOR, "positions": {"9": "0"}}, "strict": True}, ErrorCode.BAD_POSITIONS),
    ({"filter": {"runs": ["a", "b", "c"], "kinds": ["d", "e", "f"]}}, ErrorCode.BAD_FILTER),
]


@pytest.mark.parametrize(("change", "code"), REFUSED, ids=range(len(REFUSED)))
def test_a_subscribe_that_cannot_be_served_gets_its_one_verdict(
    peer: Peer, change: dict[str, Any], code: ErrorCode
) -> None:
    error, verdict = peer.say({**SUBSCRIBE, **change})
    assert error_of([error]).code == code
    assert error_of([error]).id == 1
    assert isinstance(verdict, Send)
    assert isinstance(verdict.frame, control.ReplayComplete)
    assert verdict.frame.outcome == Outcome.REFUSED
    assert peer.session.take_refusals()[code] == 1
    assert isinstance(peer.say(SUBSCRIBE)[0], Open), "the id is free again"


def test_an_unknown_start_is_told_the_known_ones(peer: Peer) -> None:
    error = error_of(peer.say({**SUBSCRIBE, "start": {"from": "middle"}}))
    assert error.details["allowed"] == ["cursor", "earliest", "latest", "snapshot"]


def test_a_lenient_resume_honours_what_it_can_and_counts_the_rest(peer: Peer) -> None:
    positions = {"0": "5", str(IDENTITY.partition_count): "1", "x": "1", "1": "-1"}
    request = request_of(peer.say({**SUBSCRIBE, "start": {**CURSOR, "positions": positions}}))
    assert request.positions == {0: 5}
    assert {fault: tally.count for fault, tally in request.faults.items()} == {
        PositionFault.UNKNOWN_PARTITION: 1,
        PositionFault.PARTITION: 1,
        PositionFault.OFFSET: 1,
    }
    assert peer.session.take_refusals() == {}, "whoever opens it counts them together with what only the log knows"


def test_an_id_is_used_once_at_a_time(peer: Peer) -> None:
    peer.say(SUBSCRIBE)
    (error,) = peer.say(SUBSCRIBE)
    assert error_of([error]).code == ErrorCode.DUPLICATE_SUBSCRIPTION
    assert peer.say({"type": "unsubscribe", "id": 1}) == [End(1)]
    assert error_of(peer.say({"type": "unsubscribe", "id": 1})).code == ErrorCode.UNKNOWN_SUBSCRIPTION
    assert isinstance(peer.say(SUBSCRIBE)[0], Open)
    peer.session.ended(1)
    assert isinstance(peer.say(SUBSCRIBE)[0], Open)


def test_subscriptions_are_bounded(peer: Peer) -> None:
    for number in range(1, 4):
        peer.say({**SUBSCRIBE, "id": number})
    error, _ = peer.say({**SUBSCRIBE, "id": 4})
    assert error_of([error]).code == ErrorCode.TOO_MANY_SUBSCRIPTIONS
    peer.say({"type": "unsubscribe", "id": 2})
    assert isinstance(peer.say({**SUBSCRIBE, "id": 4})[0], Open)


def test_an_ack_is_credit_for_a_subscription_that_is_there(peer: Peer) -> None:
    ack = {"type": "ack", "id": 1, "positions": {"0": "5", "2": "0"}}
    assert error_of(peer.say(ack)).code == ErrorCode.UNKNOWN_SUBSCRIPTION
    peer.say(SUBSCRIBE)
    assert peer.say(ack) == [Credit(1, {0: 5, 2: 0})]
    assert error_of(peer.say({**ack, "positions": {"4": "0"}})).code == ErrorCode.BAD_FRAME
    assert error_of(peer.say({**ack, "positions": {"0": str(2**63)}})).code == ErrorCode.BAD_FRAME


def test_a_tenant_sees_its_own_only() -> None:
    peer = Peer().welcomed(frozenset({"b", "a"}))
    assert request_of(peer.say(SUBSCRIBE)).filter.tenants == ["a", "b"]
    own = {**SUBSCRIBE, "id": 2, "filter": {"tenants": ["a"]}}
    assert request_of(peer.say(own)).filter.tenants == ["a"]
    error, _ = peer.say({**SUBSCRIBE, "id": 3, "filter": {"tenants": ["a", "c"]}})
    assert error_of([error]).code == ErrorCode.FORBIDDEN


def test_after_the_end_nothing_has_an_effect(peer: Peer) -> None:
    assert peer.session.close(CloseCode.GOING_AWAY, "stops", retry_after_ms=5) == [
        Close(CloseCode.GOING_AWAY, "stops", 5)
    ]
    assert peer.say(SUBSCRIBE) == peer.say("bad") == peer.session.receive_binary(0.0) == []
    assert peer.session.close(CloseCode.GOING_AWAY, "again") == []
    assert not peer.session.is_ready


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_raise(data: bytes) -> None:
    peer = Peer().welcomed()
    (effect,) = peer.say(data)
    assert isinstance(effect, Send)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(["hello", "subscribe", "ack", "unsubscribe", "ping", "auth"]),
    st.dictionaries(
        st.sampled_from(["id", "start", "filter", "positions", "t", "token", "protocol", "client", "strict"]), JSON
    ),
)
def test_no_fields_raise(kind: str, fields: dict[str, Any]) -> None:
    peer = Peer().welcomed()
    for effect in peer.say({**fields, "type": kind}):
        if isinstance(effect, Send):
            control.decode_server(control.encode(effect.frame))
