"""Both engines see the same, and the traps of the fast one stay closed."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.detection.matcher import Engine, Pattern, compile_patterns, hyperscan_available

ENGINES: list[Engine] = ["ahocorasick", *(["hyperscan"] if hyperscan_available() else [])]  # type: ignore[list-item]
small = st.binary(min_size=1, max_size=4).map(lambda data: bytes(byte % 5 + 0x61 for byte in data))


def obvious(patterns: list[Pattern], data: bytes) -> set[tuple[int, int]]:
    found = set()
    for index, pattern in enumerate(patterns):
        hay, wanted = (data.lower(), pattern.data.lower()) if pattern.caseless else (data, pattern.data)
        found |= {(index, at) for at in range(len(hay)) if hay.startswith(wanted, at)}
    return found


@pytest.mark.parametrize("engine", ENGINES)
@given(
    st.lists(st.tuples(small, st.booleans()), min_size=1, max_size=8, unique=True),
    st.lists(small | small.map(bytes.upper), max_size=20),
)
def test_an_engine_reports_every_overlapping_occurrence(
    engine: Engine, pairs: list[tuple[bytes, bool]], parts: list[bytes]
) -> None:
    patterns = [Pattern(data, caseless) for data, caseless in pairs]
    data = b"".join(parts)
    assert set(compile_patterns(patterns, engine).finditer(data)) == obvious(patterns, data)


@pytest.mark.skipif(not hyperscan_available(), reason="hyperscan is not installed here: the fallback alone is tested")
def test_both_engines_agree_on_thousands_of_binary_patterns() -> None:
    source = random.Random(7)
    patterns = [Pattern(source.randbytes(source.randint(4, 16))) for _ in range(2000)]
    patterns += [Pattern(source.randbytes(8).hex().encode(), caseless=True) for _ in range(2000)]
    pieces = [pattern.data.upper() if pattern.caseless else pattern.data for pattern in source.sample(patterns, 500)]
    data = b"".join(source.randbytes(source.randint(0, 60)) + piece for piece in pieces)
    fast, safe = compile_patterns(patterns, "hyperscan"), compile_patterns(patterns, "ahocorasick")
    assert set(fast.finditer(data)) == set(safe.finditer(data)) == obvious_fast(patterns, data)


def obvious_fast(patterns: list[Pattern], data: bytes) -> set[tuple[int, int]]:
    found, folded = set(), data.lower()
    for index, pattern in enumerate(patterns):
        hay = folded if pattern.caseless else data
        at = hay.find(pattern.data)
        while at >= 0:
            found.add((index, at))
            at = hay.find(pattern.data, at + 1)
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_patterns_with_nul_bytes_match_whole(engine: Engine) -> None:
    utf16 = "13800138000".encode("utf-16-le")
    matcher = compile_patterns([Pattern(utf16)], engine)
    assert list(matcher.finditer(b"1\x003\x009\x00" + utf16)) == [(0, 6)]


@pytest.mark.parametrize("engine", ENGINES)
def test_one_matcher_serves_several_threads(engine: Engine) -> None:
    matcher = compile_patterns([Pattern(b"needle%d" % number) for number in range(50)], engine)
    data = b"x" * 50_000 + b"needle7" + b"y" * 50_000
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: list(matcher.finditer(data)), range(64)))
    assert all(result == [(7, 50_000)] for result in results)


def test_no_patterns_match_nothing_and_an_empty_one_is_refused() -> None:
    assert list(compile_patterns([]).finditer(b"anything")) == []
    with pytest.raises(ValueError, match="matches everywhere"):
        compile_patterns([Pattern(b"")])


def test_unescaped_metacharacters_are_only_characters() -> None:
    for engine in ENGINES:
        assert list(compile_patterns([Pattern(b"a.c*[x]")], engine).finditer(b"abc a.c*[x]")) == [(0, 4)]
