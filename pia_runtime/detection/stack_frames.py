"""One stack frame as recorded → the dotted name of its code.

Frames come as Java prints them (``at app//com.x.Foo$Bar.run(Foo.java:12)``), in smali form (``Lcom/x/Foo;->run()V``) or
as a native library (``libfoo.so!0x1a2b``). What the compiler or the VM made up (lambdas, proxies) is folded away.
"""

import re

_LAMBDA = re.compile(r"\$\$(?:Lambda|(?:External|Internal)Synthetic)[^.]*(?:/0x[0-9a-fA-F]+)?")
_OLD_LAMBDA = re.compile(r"(?:^|\.)-\$\$Lambda\$([A-Za-z0-9_]+)(?:\$[^.]*)?")
_MODULE = re.compile(r"^(?:[\w.@+-]*/)+(?=[A-Za-z_$])")
_LIBRARY = re.compile(r"(?:^|[/\s])((?:lib|ld-)[\w.+-]*\.so\b|(?:linker|app_process)(?:32|64)?(?=!))")
_GENERATED = re.compile(r"(?:^|\.)(?:\$Proxy\d+|Proxy\$\w+|(?:EdHooker|LSPHooker|SandHooker)\w*)(?:\.|$)")
_SHORT = 2
_TOP_LABELS = frozenset({"com", "cn", "net", "org", "io", "defpackage"})


def code_name(frame: str) -> str:
    """Dotted class and method of a frame, lambdas folded into their class, without module, file and line."""
    text = frame.strip().removeprefix("at ").strip()
    if ";->" in text:
        owner, _, method = text.partition(";->")
        return f"{owner.removeprefix('L').replace('/', '.')}.{method.partition('(')[0]}"
    text = text.partition("(")[0].strip()
    text = _LAMBDA.sub("", text)
    text = _OLD_LAMBDA.sub(lambda hit: f"{'.' if hit[0].startswith('.') else ''}{hit[1]}", text)
    return _MODULE.sub("", text)


def library_name(frame: str) -> str:
    """File name of the native library, linker or process image that a frame stands in, or "" for a Java frame."""
    if ".so" not in frame and "!" not in frame:
        return ""
    found = _LIBRARY.search(frame)
    return found[1] if found else ""


def is_generated(name: str) -> bool:
    """Whether the code is a dynamic proxy or a hooking tool's trampoline, which stands for nobody."""
    return _GENERATED.search(name) is not None


def is_obfuscated(name: str) -> bool:
    """Whether every part of the package was shortened away (``a.b.c.run``), so that the name tells nothing.

    Args:
        name: dotted class and method, as :func:`code_name` gives it.
    """
    *package, owner = name.split(".")[:-1] or [name]
    parts = [part for part in package if part not in _TOP_LABELS]
    if not parts:
        return len(owner.partition("$")[0]) <= _SHORT + 1
    return all(len(part) <= _SHORT for part in parts)
