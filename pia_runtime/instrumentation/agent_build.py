"""Builds the agent: TypeScript from ``hooks/agent`` to ``agent.js``, with Frida's own compiler and nothing but pip.

The Java bridge comes from the frida-tools wheel, which carries it compiled; a generated ``node_modules`` folder presents it to
the compiler as the module ``frida-java-bridge``.
"""

import hashlib
import importlib.resources
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pia_runtime.errors import NotReadyError

AGENT = Path(__file__).with_name("agent.js")
"""Where the built agent lies, in a checkout and in an installed package."""

_TSCONFIG = {
    "compilerOptions": {
        "target": "es2022",
        "lib": ["es2022"],
        "module": "es2022",
        "moduleResolution": "bundler",
        "strict": True,
        "noUncheckedIndexedAccess": True,
        "noUnusedLocals": True,
        "types": [],
    },
    "include": ["agent"],
}


def bridge_source() -> str:
    """Return the compiled Java bridge of the frida-tools wheel, which defines ``var bridge``.

    Raises:
        NotReadyError: frida-tools is missing or no longer carries the bridge.
    """
    path = importlib.resources.files("frida_tools") / "bridges" / "java.js"
    if not path.is_file():
        raise NotReadyError(
            "frida-tools carries no bridges/java.js", "install the version that requirements.lock names"
        )
    return path.read_text(encoding="utf-8")


def build_agent(project: Path, output: Path = AGENT) -> str:
    """Type-check and bundle the agent of a checkout.

    Args:
        project: the checkout's root; its ``.cache/agent-build`` is used as a work folder.
        output: file to write.

    Returns:
        SHA-256 of the agent, hex.

    Raises:
        NotReadyError: there is no agent source, or it does not compile; the message holds the compiler's first complaint.
    """
    source = project / "hooks" / "agent"
    if not (source / "index.ts").is_file():
        raise NotReadyError(f"{source}/index.ts is missing", "build the agent from a checkout")
    script = _compile(_prepare(source, project / ".cache" / "agent-build"))
    part = output.with_suffix(".js.part")
    part.write_text(script, encoding="utf-8")
    part.replace(output)
    return agent_sha256(output)


def agent_sha256(path: Path = AGENT) -> str:
    """Return the SHA-256 of the built agent, hex.

    Raises:
        NotReadyError: it has not been built.
    """
    return hashlib.sha256(read_agent(path).encode()).hexdigest()


def read_agent(path: Path = AGENT) -> str:
    """Return the built agent's source.

    Raises:
        NotReadyError: it has not been built.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotReadyError(f"{path.name} is not there: {error.strerror}", "run scripts/build-agent") from error


def _prepare(source: Path, folder: Path) -> Path:
    """Lay out sources, configuration and the bridge as the compiler expects them."""
    shutil.rmtree(folder, ignore_errors=True)
    bridge = folder / "node_modules" / "frida-java-bridge"
    bridge.mkdir(parents=True)
    shutil.copytree(source, folder / "agent")
    (bridge / "index.js").write_text(bridge_source() + "\nexport default bridge;\n", encoding="utf-8")
    manifest = {"name": "frida-java-bridge", "version": "0.0.0", "type": "module", "main": "index.js"}
    (bridge / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "tsconfig.json").write_text(json.dumps(_TSCONFIG), encoding="utf-8")
    return folder


def _compile(folder: Path) -> str:
    import frida

    complaints: list[str] = []
    compiler = frida.Compiler()  # type: ignore[no-untyped-call]
    compiler.on("diagnostics", lambda found: complaints.extend(map(_sentence, found)))
    try:
        return str(
            compiler.build(
                "agent/index.ts",
                project_root=str(folder),
                compression="terser",
                source_maps="omitted",
                type_check="full",
            )
        )
    except frida.InvalidArgumentError as error:
        raise NotReadyError(f"the agent does not compile: {'; '.join(complaints) or error}") from error


def _sentence(diagnostic: Mapping[str, Any]) -> str:
    place = diagnostic.get("file")
    where = f"{place.get('path')}:{int(place.get('line', 0)) + 1}: " if isinstance(place, dict) else ""
    return f"{where}{diagnostic.get('text')}"
