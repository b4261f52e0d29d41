"""Where things that can be made again are kept: ``.cache`` of the project, or of the current folder when installed."""

from pathlib import Path

SOURCE_ROOT = Path(__file__).resolve().parents[2]


def project_cache() -> Path:
    """``.cache`` beside ``scripts/jdk`` when the program runs from its source tree, else below the current folder."""
    root = SOURCE_ROOT if (SOURCE_ROOT / "scripts" / "jdk").is_file() else Path.cwd()
    return root / ".cache"
