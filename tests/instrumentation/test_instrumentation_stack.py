"""A Java trace as text becomes frames, innermost first, without the hook's own."""

from pia_runtime.instrumentation.stack import MAX_FRAMES, parse_stack

TRACE = """java.lang.Throwable
\tat java.base/java.security.MessageDigest.digest(Native Method)
\tat java.base/java.security.MessageDigest.digest(MessageDigest.java:453)
\tat java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
\tat java.base/java.lang.reflect.Method.invoke(Method.java:568)
\tat app//com.example.Hash$$Lambda$4/0x00007f1c2c000a00.run(Unknown Source)
\tat com.example.Main.main(Main.java:3)
Caused by: java.lang.Error
\tat com.example.Other.run(Other.java:1)
"""


def test_hook_overload_and_reflection_frames_are_dropped_from_the_head():
    frames = parse_stack(TRACE, {"java.security.MessageDigest.digest"})
    assert frames == ["com.example.Hash$$Lambda$4.run(Unknown Source)", "com.example.Main.main(Main.java:3)"]


def test_the_same_frames_stay_where_they_are_not_at_the_head():
    frames = parse_stack(
        "x\n\tat a.B.c(B.java:1)\n\tat java.lang.reflect.Method.invoke(Method.java:1)\n\tat a.B.get(B.java:2)",
        {"a.B.get"},
    )
    assert frames == ["a.B.c(B.java:1)", "java.lang.reflect.Method.invoke(Method.java:1)", "a.B.get(B.java:2)"]


def test_a_cut_or_empty_trace_gives_what_is_there():
    assert parse_stack("", set()) == []
    assert parse_stack("java.lang.Throwable", set()) == []
    assert parse_stack("x\n\tat a.B.c(B.ja", set()) == ["a.B.c(B.ja"]


def test_a_message_of_several_lines_before_the_frames_is_passed_over():
    assert parse_stack("x: first\nsecond\n\tat a.B.c(B.java:1)", set()) == ["a.B.c(B.java:1)"]


def test_deep_stacks_are_bounded():
    assert len(parse_stack("x\n" + "\tat a.B.c(B.java:1)\n" * 500, set())) == MAX_FRAMES
