"""What each format gives: which values, under which written path."""

import base64
import gzip
import io
import json
import plistlib
import random
import struct
import zlib

import brotli
import cbor2
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from pia_runtime.decoding import decode_flow, excerpt, replay, unwrap
from pia_runtime.errors import InputError
from pia_runtime.model.flow import Flow, Headers, Response, WebSocketMessage

PHONE = b"13800138000"


def flow_with(body: bytes | None = None, target: bytes = b"/", headers: Headers = (), **more) -> Flow:
    return Flow("f", 0, 1000, "POST", "https", "api.example.com", 443, target, "HTTP/1.1", headers, body, **more)


def body_paths(body: bytes, headers: Headers = ()) -> dict[tuple[str, ...], bytes]:
    """Paths and values of a body's leaves."""
    return {
        leaf.path: leaf.data
        for leaf in decode_flow(flow_with(body, headers=headers)).leaves
        if leaf.location == "request.body"
    }


def test_the_contracts_example_path_is_written_as_the_contract_writes_it():
    inner = base64.b64encode(b'{"oaid":"cdda802e-fb9c-47ad-9866-0794d394c912"}').decode()
    found = body_paths(gzip.compress(json.dumps({"device": {"id": inner}}).encode()))
    assert found["gunzip", "json:$.device.id", "base64", "json:$.oaid"] == b"cdda802e-fb9c-47ad-9866-0794d394c912"


def test_every_part_of_the_request_line_and_headers_is_reached():
    flow = flow_with(
        target=b"/v1/" + PHONE + b"/x%20y?q=%31%33&flag",
        headers=((b"Cookie", b"a=1; id=" + PHONE), (b"X-Id", PHONE), (b"X-ID", b"second")),
        trailers=((b"X-Sum", b"abc"),),
    )
    found = {(leaf.location, leaf.path): leaf.data for leaf in decode_flow(flow).leaves}
    assert found["request.url.host", ()] == b"api.example.com"
    assert found["request.url.path", ("segment:1",)] == PHONE
    assert found["request.url.path", ("segment:2", "percent")] == b"x y"
    assert found["request.url.query", ("form:q",)] == b"13"
    assert found["request.cookie", ("cookie:id",)] == PHONE
    assert found["request.header", ("header:x-id",)] == PHONE
    assert found["request.header", ("header:x-id#1",)] == b"second"
    assert found["request.trailer", ("header:x-sum",)] == b"abc"


def test_messages_of_a_websocket_keep_their_index_and_direction():
    messages = (
        WebSocketMessage(True, 0, True, b'{"a":"up"}'),
        WebSocketMessage(False, 0, True, b'{"a":"down"}'),
        WebSocketMessage(True, 0, False, gzip.compress(PHONE)),
    )
    found = {(leaf.location, leaf.path): leaf.data for leaf in decode_flow(flow_with(messages=messages)).leaves}
    assert found["websocket.client", ("message:0", "json:$.a")] == b"up"
    assert found["websocket.server", ("message:1", "json:$.a")] == b"down"
    assert found["websocket.client", ("message:2", "gunzip")] == PHONE


def test_responses_are_decoded_under_their_own_locations():
    response = Response(200, ((b"Set-Cookie", b"sid=abc; Path=/"),), b'{"uid":"u-1"}', ((b"t", b"v"),))
    found = {(leaf.location, leaf.path): leaf.data for leaf in decode_flow(flow_with(response=response)).leaves}
    assert found["response.cookie", ("cookie:sid",)] == b"abc"
    assert found["response.body", ("json:$.uid",)] == b"u-1"
    assert found["response.trailer", ("header:t",)] == b"v"


@pytest.mark.parametrize(
    ("coding", "encode", "steps"),
    [
        (b"gzip", gzip.compress, ("gunzip",)),
        (b"br", brotli.compress, ("brotli",)),
        (b"deflate", zlib.compress, ("zlib",)),
        (b"gzip, br", lambda data: brotli.compress(gzip.compress(data)), ("brotli", "gunzip")),
        (b"gzip", lambda data: data, ()),
    ],
)
def test_content_codings_are_removed_and_wrong_ones_passed_over(coding, encode, steps):
    found = body_paths(encode(b'{"a":"b"}'), ((b"Content-Encoding", coding),))
    assert found == {(*steps, "json:$.a"): b"b"}


def test_a_gzip_stream_that_breaks_off_is_read_as_far_as_it_goes():
    whole = gzip.compress(b"imei=861234567890123&" + bytes(range(32, 127)) * 40)
    assert b"861234567890123" in b"".join(body_paths(whole[:-9]).values())


def test_numbers_keep_the_digits_they_were_written_with():
    found = body_paths(b'{"lat":31.2304160,"big":12345678901234567890,"e":1E5}')
    assert found == {("json:$.lat",): b"31.2304160", ("json:$.big",): b"12345678901234567890", ("json:$.e",): b"1E5"}


def test_repeated_names_are_all_kept():
    assert body_paths(b'{"a":"x","a":"y"}') == {("json:$.a",): b"x", ("json:$.a#1",): b"y"}
    assert body_paths(b"a=x&a=y") == {("form:a",): b"x", ("form:a#1",): b"y"}


def test_names_that_are_values_are_leaves():
    assert body_paths(b'{"13800138000":{"id":1}}')[('json-key:$["13800138000"]',)] == PHONE
    assert body_paths(b"13800138000=1&b=2")[("form-key:13800138000",)] == PHONE


@pytest.mark.parametrize(
    "body",
    [
        b'{"13800138000":1}',
        b'{"13800138000":1}\n{"a":2}\n',
        b'f({"13800138000":1});',
        b'log {"13800138000":1} end',
        b"13800138000=1&a=2",
        msgpack.packb({"13800138000": 1, "a": "b"}),
        cbor2.dumps({"13800138000": 1, "a": "b"}),
        plistlib.dumps({"13800138000": 1}),
    ],
)
def test_a_name_that_is_a_value_can_be_replayed_in_every_format(body):
    flow = flow_with(body)
    found = [leaf for leaf in decode_flow(flow).leaves if leaf.data == PHONE]
    assert found
    assert replay(flow, "request.body", found[0].path)[-1].output == PHONE


def test_odd_names_are_quoted_so_that_the_path_reads_back():
    body = json.dumps({'a.b"c]': {"": {"姓名": "v1"}}, "x\ny": "v2"}).encode()
    flow = flow_with(body)
    leaves = {leaf.path: leaf.data for leaf in decode_flow(flow).leaves if leaf.data in (b"v1", b"v2")}
    assert leaves == {(r'json:$["a.b\"c]"][""].姓名',): b"v1", (r'json:$["x\ny"]',): b"v2"}
    for path, data in leaves.items():
        assert replay(flow, "request.body", path)[-1].output == data


def test_the_nearest_field_name_goes_with_each_leaf():
    body = b'{"device":{"imeis":["' + base64.b64encode(PHONE) + b'"]}}'
    keys = {leaf.key for leaf in decode_flow(flow_with(body)).leaves if leaf.location == "request.body"}
    assert keys == {"imeis"}


def test_plus_signs_in_a_form_are_spaces_except_in_base64_numbers_and_addresses():
    assert body_paths(b"a=x+y&b=1") == {("form:a",): b"x y", ("form:b",): b"1"}
    assert body_paths(b"p=+8613800138000&e=a+b@example.com") == {
        ("form-plus:p",): b"+8613800138000",
        ("form-plus:e",): b"a+b@example.com",
    }
    packed = base64.b64encode(zlib.compress(b"\xfb\xef" * 3 + PHONE * 3 + bytes(range(200, 256))))
    assert b"+" in packed
    assert any(path[:3] == ("form-plus:d", "base64", "zlib") for path in body_paths(b"v=1&d=" + packed))


def test_a_form_may_hold_json_that_was_not_encoded():
    assert body_paths(b'd={"url":"http://x?a=1&b=2","imei":"861234567890123"}&v=1') == {
        ("form:d", "json:$.url", "url:base"): b"http://x",
        ("form:d", "json:$.url", "url:query", "form:a"): b"1",
        ("form:d", "json:$.url", "url:query", "form:b"): b"2",
        ("form:d", "json:$.imei"): b"861234567890123",
        ("form:v",): b"1",
    }


def test_json_inside_other_text_is_found_with_its_position():
    found = body_paths('日志 {"a":"b"} done'.encode())
    assert found["json@7+9:$.a",] == b"b"
    assert found["slice@0+7",].decode() == "日志 "
    assert body_paths(b')]}\'\n{"a":"b"}')["json@5+9:$.a",] == b"b"


def test_lines_calls_and_strings_of_json():
    assert body_paths(b'{"a":1}\n{"a":{"b":[2,"x"]}}\n')[("ndjson:1:$.a.b[1]",)] == b"x"
    assert body_paths(b'cb({"a":"b"});') == {("jsonp:$.a",): b"b"}
    assert body_paths(json.dumps(json.dumps({"a": "b"})).encode()) == {("json:$", "json:$.a"): b"b"}
    assert body_paths(b'[{"v":"{\\"a\\":\\"b\\"}"}]') == {("json:$[0].v", "json:$.a"): b"b"}


def test_protobuf_numbers_come_in_every_reading():
    message = (
        b"\x08" + b"\xff" * 9 + b"\x01" + b"\x11" + struct.pack("<d", 31.230416) + b"\x1d" + struct.pack("<i", -5)
        + b"\x22\x0b" + PHONE + b"\x22\x03abc" + b"\x2a\x10\x0a\x0e" + b"nested message"
    )  # fmt: skip
    found = body_paths(message)
    assert found["protobuf:1",] == b"18446744073709551615"
    assert found["protobuf:1:signed",] == b"-1"
    assert found["protobuf:2:double",] == b"31.230416"
    assert found["protobuf:3:signed",] == b"-5"
    assert found["protobuf:4[0]",] == PHONE
    assert found["protobuf:4[1]",] == b"abc"
    assert found["protobuf:5.1",] == b"nested message"


def test_a_zlib_stream_in_a_field_is_one_even_where_its_bytes_parse_as_a_message():
    stream = bytes.fromhex(
        "789cb3294a2db4b349b433b4d14fb4b3c94d4cb64b31b13249b54a35b0324eb33248b43231b7d10709dbe8835402004c5f0dcc"
    )
    body = b"\x08\x02\x3a" + bytes([len(stream)]) + stream
    assert body_paths(body)["protobuf:7", "zlib", "xml:/req/mac"] == b"d4:4e:e0:3f:0a:47"


def test_short_text_behind_the_head_of_brotli_is_no_array():
    stream = b'\x8b\x17\x80event: x\nid: 1\ndata: {"passport": "E52441483"}\n\n\x03'
    assert body_paths(stream)["brotli", "sse:0:data", "json:$.passport"] == b"E52441483"


def test_packed_varints_are_numbers_too():
    def varint(number: int) -> bytes:
        out = b""
        while number > 127:
            out += bytes([number & 127 | 128])
            number >>= 7
        return out + bytes([number])

    packed = varint(312304160) + varint(1214737010)
    found = body_paths(b"\x0a" + bytes([len(packed)]) + packed + b"\x12\x05hello")
    assert b"1214737010" in found.values()


def test_grpc_frames_lead_to_their_messages():
    message = b"\x0a\x0b" + PHONE
    body = b"".join(b"\x00" + len(message).to_bytes(4) + message for _ in range(2))
    assert body_paths(body)[("grpc:1", "protobuf:1")] == PHONE
    packed = gzip.compress(message)
    assert body_paths(b"\x01" + len(packed).to_bytes(4) + packed)[("grpc:0", "gunzip", "protobuf:1")] == PHONE


def test_messagepack_and_cbor_trees():
    tree = {"a": {"b": ["x1", 2.5, 70000]}}
    for name, data in (("msgpack", msgpack.packb(tree)), ("cbor", cbor2.dumps(tree))):
        found = body_paths(data)
        assert found[f"{name}:$.a.b[0]",] == b"x1"
        assert found[f"{name}:$.a.b[1]",] == b"2.5"
        assert found[f"{name}:$.a.b[2]",] == b"70000"


def test_cbor_tags_are_looked_through_and_never_acted_on():
    tagged = cbor2.dumps({"re": cbor2.CBORTag(35, "(a+)+$ or worse"), "at": cbor2.CBORTag(0, "2025-11-23T08:00:00Z")})
    assert body_paths(tagged) == {("cbor:$.re",): b"(a+)+$ or worse", ("cbor:$.at",): b"2025-11-23T08:00:00Z"}


def test_xml_elements_attributes_and_positions():
    body = b'<?xml version="1.0"?><n:r xmlns:n="u"><i k="1">a</i><i k="2">b</i>tail<j><![CDATA[c]]></j></n:r>'
    assert body_paths(body) == {
        ("xml:/r/i/@k",): b"1",
        ("xml:/r/i",): b"a",
        ("xml:/r/i[2]/@k",): b"2",
        ("xml:/r/i[2]",): b"b",
        ("xml:/r/i[2]/tail()",): b"tail",
        ("xml:/r/j",): b"c",
    }


def test_property_lists_in_both_forms():
    for form in (plistlib.FMT_XML, plistlib.FMT_BINARY):
        found = body_paths(plistlib.dumps({"a": [{"b": "value"}], "n": 7}, fmt=form))
        assert found == {("plist:$.a[0].b",): b"value", ("plist:$.n",): b"7"}


def test_multipart_parts_by_name_with_their_file_names():
    body = (
        b'--B\r\nContent-Disposition: form-data; name="meta"\r\n\r\n{"a":"b"}\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="13800138000.txt"\r\n\r\ncontent\r\n--B--\r\n'
    )
    assert body_paths(body) == {
        ("multipart:meta", "json:$.a"): b"b",
        ("multipart-filename:f",): b"13800138000.txt",
        ("multipart:f",): b"content",
    }


def test_a_bearer_token_is_opened():
    token = b".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=") for part in (b'{"alg":"none"}', b'{"sub":"u1"}', b"sig")
    )
    flow = flow_with(headers=((b"Authorization", b"Bearer " + token),))
    found = {leaf.path: leaf.data for leaf in decode_flow(flow).leaves}
    assert found["header:authorization", "jwt:payload", "json:$.sub"] == b"u1"


def test_server_sent_events():
    found = body_paths(b'event: a\ndata: {"x":"y"}\n\ndata: one\ndata: two\n\n')
    assert found == {("sse:0:event",): b"a", ("sse:0:data", "json:$.x"): b"y", ("sse:1:data",): b"one\ntwo"}


@pytest.mark.parametrize("offset", range(9))
def test_base64_is_found_at_any_offset(offset):
    text = b"x" * offset + b":" + base64.b64encode(PHONE) + b", and more"
    assert body_paths(text)[f"base64@{offset + 1}+16",] == PHONE


@pytest.mark.parametrize("letters", ["a", "id", "key", "data", "token", "k1", "Zz9"])
def test_base64_is_found_right_behind_letters_of_its_own_alphabet(letters):
    value = b"zhang.san@example.com"
    assert value in body_paths(letters.encode() + base64.b64encode(value)).values()


def test_short_base64_of_a_number_or_a_name_is_read():
    assert body_paths(b"MTM4MDAxMzgwMDA=")["base64",] == PHONE
    assert body_paths(base64.b64encode("张三".encode()))["base64",].decode() == "张三"


@pytest.mark.parametrize(
    "text",
    [
        b"NotificationManagerCompat",
        b"cdda802e-fb9c-47ad-9866-0794d394c912",
        b"0123456789abcdef0123456789abcdef",
        b"com.example.loan.MainActivity",
        b"https://cdn.example.com/static/images/logo.png",
        b"1763884800123",
        b"Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36",
        b"the quick brown fox jumps over the lazy dog",
        b"2025-11-23T08:00:00.000+08:00",
    ],
)
def test_ordinary_values_are_left_alone(text):
    assert body_paths(text) == {(): text}


def test_text_in_other_charsets_becomes_utf8():
    name = "欧阳娜娜 的手机"
    assert body_paths(name.encode("utf-16le"))["utf-16le",].decode() == name
    assert body_paths(b"\xfe\xff" + name.encode("utf-16be"))["utf-16be",].decode() == name
    assert body_paths(name.encode("gb18030"))["gb18030",].decode() == name


def test_json_and_xml_may_be_written_in_gb18030_as_a_whole():
    paths = body_paths('{"城市": "北京市", "name": "张伟国"}'.encode("gb18030"))
    assert paths["gb18030", "json:$.name"].decode() == "张伟国"
    assert paths["gb18030", "json:$.城市"].decode() == "北京市"
    xml = '<?xml version="1.0" encoding="GBK"?><r><name>张伟国</name></r>'
    assert body_paths(xml.encode("gb18030"))["gb18030", "xml:/r/name"].decode() == "张伟国"
    assert body_paths(xml.encode("utf-16"))["utf-16le", "xml:/r/name"].decode() == "张伟国"
    assert body_paths(b'<?xml version="1.0" encoding="GB2312"?><r><a>x1</a></r>')[("xml:/r/a",)] == b"x1"


def picture(side: str = "N") -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Pixel 8"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place.update({1: side, 2: (31.0, 13.0, 49.4976), 3: "E", 4: (121.0, 28.0, 25.3236)})
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, "JPEG", exif=exif)
    return written.getvalue()


def test_a_picture_says_where_it_was_taken():
    body = (
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n' + picture("S") + b"\r\n--B--\r\n"
    )
    paths = body_paths(body)
    assert paths["multipart:f", "exif:Model"] == b"Pixel 8"
    assert paths["multipart:f", "exif:GPSLatitude"] == b"-31.2304160"
    assert paths["multipart:f", "exif:GPSLongitude"] == b"121.4737010"
    assert ("multipart:f",) in paths


@given(st.integers(0, 200), st.binary(min_size=1, max_size=30))
def test_broken_tags_of_a_picture_break_nothing(at: int, noise: bytes):
    whole = picture()
    start = whole.index(b"Exif") + 6 + at
    body_paths(whole[:start] + noise + whole[start + len(noise) :])


def test_escapes_outside_json_are_undone():
    assert body_paths(rb"name=\u5f20\u4e09&x=\x31\x33")[("form:name", "unicode-escape")].decode() == "张三"
    assert body_paths(rb"a {\"k\":\"\ud83d\ude00\"}")[("unicode-escape", "json@2+12:$.k")].decode() == "😀"
    assert body_paths(b"&#24352;&#x4e09; &amp; co")[("html-entities",)].decode() == "张三 & co"
    assert body_paths(b"v=%2531%2533&w=1")[("form:v", "percent")] == b"13"


def test_a_url_as_a_value_is_taken_apart():
    body = b'{"u":"https://t.example.com/c?imei=%38%36&v=1#top"}'
    assert body_paths(body) == {
        ("json:$.u", "url:base"): b"https://t.example.com/c",
        ("json:$.u", "url:query", "form:imei"): b"86",
        ("json:$.u", "url:query", "form:v"): b"1",
        ("json:$.u", "url:fragment"): b"top",
    }


def test_a_compressed_part_behind_a_short_binary_header_is_found():
    assert body_paths(b"\x00\x07\xfe\x99" + gzip.compress(PHONE))[("skip:4", "gunzip")] == PHONE


def test_replay_shows_every_step():
    flow = flow_with(gzip.compress(b'{"d":"MTM4MDAxMzgwMDA="}'))
    steps = replay(flow, "request.body", ("gunzip", "json:$.d", "base64"))
    assert [step.name for step in steps] == ["gunzip", "json:$.d", "base64"]
    assert [step.output for step in steps][1:] == [b"MTM4MDAxMzgwMDA=", PHONE]
    assert steps[1].excerpt_in == '{"d":"MTM4MDAxMzgwMDA="}'


@pytest.mark.parametrize("step", ["rot13", "json:$.nope", "base64@5+900", "base64@x", "gunzip", "hex", "skip:z", ""])
def test_a_step_that_does_not_fit_is_named(step):
    with pytest.raises(InputError, match="decode step"):
        unwrap(b'{"a":"b"}', step)


def test_excerpts_are_one_printable_line():
    assert excerpt(b"a\nb\x00\xff\x1b[31m", 20) == r"a\nb\x00\xff\x1b[31m"
    assert excerpt(b"x" * 50, 10) == "x" * 10 + "…"


def test_strings_inside_unknown_binary_are_looked_into():
    text = b'{"imei":"MTM4MDAxMzgwMDA="}'
    body = b"\x00\x01\x80\xfe\x0c" + text + b"\xff\x00\x03\xee" + bytes(range(128, 180))
    assert body_paths(body)[(f"slice@5+{len(text)}", "json:$.imei", "base64")] == PHONE


def test_base64_with_slashes_in_the_request_path_is_found():
    value = "喂喂喂???>>>手机".encode()
    packed = base64.b64encode(value)
    assert b"/" in packed
    flow = flow_with(target=b"/v1/t/" + packed + b"?x=1")
    found = [leaf for leaf in decode_flow(flow).leaves if leaf.location == "request.url.path" and leaf.data == value]
    assert found
    assert replay(flow, "request.url.path", found[0].path)[-1].output == value


def test_media_by_content_type_is_no_blind_spot():
    noise = random.Random(2).randbytes(2000)
    assert decode_flow(flow_with(noise)).opaque
    assert not decode_flow(flow_with(noise, headers=((b"Content-Type", b"video/mp2t"),))).opaque


def test_a_data_url_is_not_an_event_stream():
    found = body_paths(b'{"u":"data:text/plain;base64,MTM4MDAxMzgwMDA="}')
    assert found[("json:$.u", "base64@23+16")] == PHONE


def test_a_zlib_stream_between_unknown_bytes_is_found_by_its_position():
    stream = zlib.compress(b'{"id":"cdda802e-fb9c-47ad-9866-0794d394c912"}')
    envelope = b"\x18\x031.0\x18\x05addr1\x15\x9a\xf0\x01\x18" + bytes([len(stream)]) + stream + b"\x18\x20\xff\xfe\x00"
    at = envelope.index(stream)
    found = body_paths(envelope)
    assert found[f"slice@{at}+{len(stream)}", "zlib", "json:$.id"] == b"cdda802e-fb9c-47ad-9866-0794d394c912"


def test_a_message_in_a_grpc_frame_that_is_also_text_is_a_message():
    message = b"*@" + b"0123456789abcdef" * 4
    frames = b"".join(b"\0" + struct.pack(">I", len(part)) + part for part in (b"*\x05hello", message))
    assert body_paths(frames)["grpc:1", "protobuf:5"] == message[2:]
