"""Compiled classes are found again, and never half made."""

import pytest

from pia_runtime.errors import NotReadyError
from pia_runtime.practice import build
from pia_runtime.practice.jdk import find_jdk17


@pytest.mark.live
def test_a_second_build_compiles_nothing(tmp_path):
    first = build.compile_app(tmp_path, find_jdk17())
    assert (first / "practice" / "Launch.class").is_file()
    assert (first / "android" / "provider" / "Settings$Secure.class").is_file()
    assert build.compile_app(tmp_path, tmp_path / "no-jdk-needed") == first


def test_a_failing_compiler_leaves_nothing_behind(tmp_path):
    (tmp_path / "jdk" / "bin").mkdir(parents=True)
    javac = tmp_path / "jdk" / "bin" / "javac"
    javac.write_text("#!/bin/sh\necho 'Launch.java:1: error: no luck' >&2\nexit 1\n")
    javac.chmod(0o755)
    with pytest.raises(NotReadyError, match=r"Launch\.java:1: error: no luck"):
        build.compile_app(tmp_path / "cache", tmp_path / "jdk")
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_digest_follows_the_sources(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "SOURCES", tmp_path)
    source = tmp_path / "A.java"
    source.write_text("class A {}")
    before = build.source_digest()
    source.write_text("class A { int b; }")
    assert build.source_digest() != before
