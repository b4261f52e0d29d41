"""Whatever an app wraps a value in, the decoder finds it, and the written path leads back to it."""

import pytest
from decoding_encoders import COMPRESSIONS, ENCODERS, VALUES
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pia_runtime.decoding import Budget, decode_flow, replay
from pia_runtime.model.flow import Flow, Response, WebSocketMessage

DIGEST_SIZES = (16, 20, 28, 32, 48, 64)


def flow_with(body: bytes) -> Flow:
    return Flow("f", 0, 1000, "POST", "https", "api.example.com", 443, b"/v1/e?a=1", "HTTP/1.1", (), body)


def wrapped(value: bytes, names: tuple[str, ...]) -> bytes:
    """The value behind a chain; chains that no app could build, or nobody could tell from a digest, are left out."""
    data = value
    for place, name in enumerate(names):
        before = names[place - 1] if place else ""
        assume(not (name.startswith("hex") and before in COMPRESSIONS and len(data) in DIGEST_SIZES))
        assume(not (name.startswith("base64") and before in ("deflate", "brotli") and len(data) < 18))
        result = ENCODERS[name](data)
        assume(result is not None and len(result) < 50_000)
        assert result is not None
        data = result
    return data


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.decode())
def test_each_encoder_alone_is_undone(value, name):
    data = ENCODERS[name](value)
    assert data is not None
    assert any(value in leaf.data for leaf in decode_flow(flow_with(data)).leaves)


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(VALUES), st.lists(st.sampled_from(sorted(ENCODERS)), min_size=2, max_size=4).map(tuple))
def test_random_chains_up_to_depth_four_are_undone(value, names):
    leaves = decode_flow(flow_with(wrapped(value, names))).leaves
    assert any(value in leaf.data for leaf in leaves), names


def test_eleven_steps_inside_each_other_are_undone():
    names = ("json", "gzip", "base64", "json", "zlib", "hex", "form", "zstd", "base64url", "xml", "gzip")
    value, data = VALUES[1], VALUES[1]
    for name in names:
        data = ENCODERS[name](data) or b""
    found = [leaf for leaf in decode_flow(flow_with(data)).leaves if leaf.data == value]
    assert [len(leaf.path) for leaf in found] == [11]


def test_deeper_than_the_budget_is_said_to_be_too_deep():
    data = VALUES[0]
    for _ in range(6):
        data = ENCODERS["gzip"](data) or b""
    decoded = decode_flow(flow_with(data), Budget(max_depth=4))
    assert not any(VALUES[0] in leaf.data for leaf in decoded.leaves)
    assert [(opaque.reason, opaque.path) for opaque in decoded.opaque] == [("too_deep", ("gunzip",) * 4)]


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.binary(max_size=600),
        st.tuples(st.sampled_from(VALUES), st.lists(st.sampled_from(sorted(ENCODERS)), max_size=4)),
    ),
    st.booleans(),
)
def test_every_leaf_is_where_its_path_says(body, in_message):
    if isinstance(body, tuple):
        body = wrapped(body[0], tuple(body[1]))
    flow = Flow(
        "f",
        0,
        1000,
        "POST",
        "https",
        "api.example.com",
        443,
        b"/p/" + body[:80] + b"?q=" + body[:80] + b"&q=%20" + body[:40],
        "HTTP/1.1",
        ((b"Cookie", b"a=" + body[:60]), (b"X-A", body[:100]), (b"x-a", body[:50])),
        None if in_message else body,
        ((b"T", body[:30]),),
        Response(200, ((b"Set-Cookie", b"s=" + body[:30]),), body),
        (WebSocketMessage(True, 0, False, body), WebSocketMessage(False, 0, False, body)) if in_message else (),
    )
    for leaf in decode_flow(flow).leaves:
        assert replay(flow, leaf.location, leaf.path)[-1].output == leaf.data, leaf
