"""Writes stub classes as Java. Every method returns a plausible synthetic value that tells where it came from."""

from collections.abc import Iterable, Iterator

from pia_runtime.instrumentation.signatures.table import PRIMITIVES
from pia_runtime.practice.framework_stubs_known import MADE, Method, erased, is_jdk
from pia_runtime.practice.framework_stubs_shape import Shapes, StubClass

NUMBER = 7
"""Every whole number that a stub returns; others are ``7.5``."""

_NUMBERS = {"int": "(int) ", "long": "", "short": "(short) ", "byte": "(byte) "}
_BOXES = {
    "java.lang.Integer": "(int) ",
    "java.lang.Long": "",
    "java.lang.Short": "(short) ",
    "java.lang.Byte": "(byte) ",
}
_JDK_VALUES = {
    "boolean": "true",
    "java.lang.Boolean": "Boolean.TRUE",
    "char": "'x'",
    "float": f"{NUMBER}.5f",
    "double": f"{NUMBER}.5",
    "java.lang.Float": f"{NUMBER}.5f",
    "java.lang.Double": f"{NUMBER}.5",
    "java.util.Locale": "java.util.Locale.CHINA",
    "java.util.TimeZone": 'java.util.TimeZone.getTimeZone("Asia/Shanghai")',
    "java.util.UUID": "new java.util.UUID(1, 2)",
    "java.net.InetAddress": "java.net.InetAddress.getLoopbackAddress()",
    "java.time.Instant": "java.time.Instant.EPOCH",
    "java.time.Duration": "java.time.Duration.ZERO",
    "java.util.concurrent.Executor": "(Runnable work) -> work.run()",
    "java.io.InputStream": "new java.io.ByteArrayInputStream(new byte[] {7})",
    "java.io.OutputStream": "new java.io.ByteArrayOutputStream()",
    "java.io.FileDescriptor": "new java.io.FileDescriptor()",
    "java.lang.Class": f"{MADE}.Make.type()",
    "java.security.PrivateKey": f"{MADE}.Make.key()",
    "java.lang.Void": "null",
}
_COLLECTIONS = {
    "java.util.List": "new java.util.ArrayList(java.util.Arrays.asList({0}))",
    "java.util.ArrayList": "new java.util.ArrayList(java.util.Arrays.asList({0}))",
    "java.util.Collection": "new java.util.ArrayList(java.util.Arrays.asList({0}))",
    "java.lang.Iterable": "new java.util.ArrayList(java.util.Arrays.asList({0}))",
    "java.util.Set": "new java.util.LinkedHashSet(java.util.Arrays.asList({0}))",
    "java.util.Iterator": "java.util.Arrays.asList({0}).iterator()",
    "java.util.Enumeration": "java.util.Collections.enumeration(java.util.Arrays.asList({0}))",
    "java.util.Optional": "java.util.Optional.of({0})",
}


def java_type(name: str) -> str:
    """A JVM type name as Java source, erased."""
    name = erased(name)
    if name.startswith("["):
        element = name[1:]
        inner = (
            element if element.startswith("[") else element[1:-1] if element.startswith("L") else PRIMITIVES[element]
        )
        return f"{java_type(inner)}[]"
    return name.replace("$", ".")


def identifier(name: str) -> str:
    """A class name as one Java identifier."""
    return name.replace("_", "__").replace(".", "_").replace("$", "_S_")


def value_of(name: str, text: str) -> str:
    """A Java expression for a value of a type; ``text`` is what it says where it can say anything."""
    base = erased(name)
    if base.startswith("["):
        inner = java_type(base)[:-2]
        jvm = base[1:] if base[1:].startswith("[") else base[2:-1] if base[1] == "L" else inner
        return f"new {java_type(base)} {{{value_of(jvm, text)}}}"
    if base in {"java.lang.String", "java.lang.CharSequence", "java.lang.Object"}:
        return f'{MADE}.Make.text("{text}")'
    if base in _NUMBERS:
        return f"{_NUMBERS[base]}{MADE}.Make.number()"
    if base in _BOXES:
        return (
            f"({base}) ({_BOXES[base]}{MADE}.Make.number())" if _BOXES[base] else f"Long.valueOf({MADE}.Make.number())"
        )
    if base in {"java.util.Map", "java.util.HashMap"}:
        key, value = (value_of(each, text) for each in _pair(name))
        return f"new java.util.HashMap(java.util.Collections.singletonMap({key}, {value}))"
    if base in _COLLECTIONS:
        return _COLLECTIONS[base].format(_element(name, text))
    if base == "java.io.File":
        return f'new java.io.File({MADE}.Make.text("{text}"))'
    if base in _JDK_VALUES or is_jdk(base):
        return _JDK_VALUES.get(base, "null")
    return f"{MADE}.Make.{identifier(base)}()"


def _pair(name: str) -> tuple[str, str]:
    """Key and value type of a map; texts where it does not tell, or tells in a way that needs no more."""
    key, _, value = name.partition("<")[2].removesuffix(">").partition(",")
    return key or "java.lang.String", value or "java.lang.String"


def _element(name: str, text: str) -> str:
    inner = name.partition("<")[2].removesuffix(">")
    return f"new Object[] {{{value_of(inner if inner and ',' not in inner else 'java.lang.String', text)}}}"


def render(shapes: Shapes) -> dict[str, str]:
    """Return Java sources by path, for every class of ``shapes`` and for what makes their values."""
    shape_class = StubClass(f"{MADE}.Shape")
    outermost = [stub for stub in (*shapes.classes.values(), shape_class) if "$" not in stub.name]
    sources = {
        f"{stub.name.replace('.', '/')}.java": _file(stub, shapes) for stub in outermost if stub.name != f"{MADE}.Shape"
    }
    return {**sources, **made(shapes.classes.values(), shapes)}


def _file(stub: StubClass, shapes: Shapes) -> str:
    package, _, _ = stub.name.rpartition(".")
    return "\n".join([f"package {package};", '@SuppressWarnings({"all"})', *_body(stub, shapes, nested=False), ""])


def _body(stub: StubClass, shapes: Shapes, nested: bool) -> Iterator[str]:
    simple = stub.name.rpartition("$" if nested else ".")[2]
    kind = "interface" if stub.interface else "class"
    extends = f" extends {java_type(stub.parent)}" if stub.parent else ""
    implements = f" implements {', '.join(map(java_type, stub.implements))}" if stub.implements else ""
    yield f"public {'static ' * nested}{kind} {simple}{extends}{implements} {{"
    if not stub.interface:
        yield from _fields_and_maker(stub, simple)
    for method in stub.methods.values():
        yield _method(stub, method, simple, shapes)
    for name, inner in shapes.classes.items():
        if name.rpartition("$")[0] == stub.name and "$" in name:
            yield from _body(inner, shapes, nested=True)
    yield "}"


def _fields_and_maker(stub: StubClass, simple: str) -> Iterator[str]:
    for label, type_ in stub.fields.items():
        yield f"  public {java_type(type_)} {label} = {value_of(type_, f'{stub.name}.{label}')};"
    yield f"  public {simple}({MADE}.Mark mark) {{ {'super(mark);' if stub.parent else ''} }}"
    if not any(name == "toString" for name, _ in stub.methods):
        yield f'  public String toString() {{ return {MADE}.Make.text("{stub.name}"); }}'


def _method(stub: StubClass, method: Method, simple: str, shapes: Shapes, default: str = "default ") -> str:
    arguments = ", ".join(f"{java_type(type_)} a{index}" for index, type_ in enumerate(method.arguments))
    if method.name == "<init>":
        return f"  public {simple}({arguments}) {{ {f'super(({MADE}.Mark) null);' if stub.parent else ''} {MADE}.Make.count(); }}"
    result = _inherited_result(stub, method, shapes)
    text = f"{stub.name}.{method.name}"
    told = "".join(_tell(type_, index, shapes) for index, type_ in enumerate(method.arguments))
    body = told + (f"{MADE}.Make.count();" if result == "void" else f"return {value_of(result, text)};")
    modifier = "static " if method.static else default if stub.interface else ""
    return f"  public {modifier}{java_type(result)} {method.name}({arguments}) {{ {body} }}"


def _tell(type_: str, index: int, shapes: Shapes) -> str:
    """Remember to tell a listener what it is there to hear, once the call that registers it is over."""
    calls = []
    for heard in shapes.heard.get(type_, ()):
        owner, method = java_type(heard.owner), heard.method
        given = ", ".join(
            f"({java_type(each)}) {value_of(each, f'{heard.owner}.{method.name}')}" for each in method.arguments
        )
        calls.append(
            f"if (a{index} instanceof {owner}) {MADE}.Make.later(() -> (({owner}) a{index}).{method.name}({given})); "
        )
    return "".join(calls)


def _inherited_result(stub: StubClass, method: Method, shapes: Shapes) -> str:
    """A method that redefines another one must return what the first of them in the lineage returns."""
    result = method.result
    parent = shapes.classes.get(stub.parent)
    while parent is not None:
        inherited = parent.methods.get((method.name, method.arguments))
        result = result if inherited is None else inherited.result
        parent = shapes.classes.get(parent.parent)
    return result


def made(classes: Iterable[StubClass], shapes: Shapes) -> dict[str, str]:
    """Return what makes values: one factory a class, bounded in depth, and the text that a call may force on all of them."""
    factories = []
    for stub in classes:
        type_, name = java_type(stub.name), identifier(stub.name)
        maker = f"new {name}_()" if stub.interface else f"new {type_}(({MADE}.Mark) null)"
        if stub.interface:
            factories.append(f"  public static class {name}_ implements {type_} {{")
            factories.append(f'    public String toString() {{ return text("{stub.name}"); }}')
            factories += [
                _method(stub, method, name, shapes, default="") for method in stub.methods.values() if not method.static
            ]
            factories.append("  }")
        factories.append(f"  public static {type_} {name}() {{")
        factories.append(
            f"    if (given instanceof {type_}) return ({type_}) given; if (depth > 5) return null; depth++;"
        )
        factories.append(f"    try {{ return {maker}; }} finally {{ depth--; }} }}")
    head = [
        f"package {MADE};",
        '@SuppressWarnings({"all"})',
        "public class Make {",
        "  private static int depth;",
        "  private static int calls;",
        "  private static String forced;",
        "  private static Object given;",
        "  private static final java.util.List<Runnable> waiting = new java.util.ArrayList<>();",
        "  public static void later(Runnable work) { waiting.add(work); }",
        "  public static void deliver() {",
        "    while (!waiting.isEmpty()) waiting.remove(0).run(); }",
        "  public static void give(Object object) { given = object; }",
        "  public static void force(String text) { forced = text; }",
        "  public static void count() { calls++; }",
        "  public static Class type() {",
        "    try { return Class.forName(forced); } catch (Throwable none) { return Object.class; } }",
        "  public static java.security.PrivateKey key() { return new java.security.PrivateKey() {",
        '    public String getAlgorithm() { return "RSA"; } public String getFormat() { return null; }',
        "    public byte[] getEncoded() { return null; } }; }",
        "  public static String text(String usual) { return forced == null ? usual : forced; }",
        "  public static int number() {",
        f'    return forced != null && forced.matches("[0-9]{{1,9}}") ? Integer.parseInt(forced) : {NUMBER}; }}',
    ]
    return {
        f"{MADE.replace('.', '/')}/Make.java": "\n".join([*head, *factories, "}", ""]),
        f"{MADE.replace('.', '/')}/Mark.java": f"package {MADE};\npublic class Mark {{}}\n",
    }
