"""What a user installs: an APK, a set of split APKs, or the archives that carry one (``.apks``, ``.xapk``, ``.apkm``)."""

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pia_runtime.errors import InputError

MAX_PARTS = 200
MAX_BYTES = 4 << 30
_ARCHIVES = (".apks", ".xapk", ".apkm", ".zip")


@dataclass(frozen=True, slots=True)
class AppPart:
    """One APK of an app: the file, and its name inside an archive or ""."""

    file: Path
    member: str = ""

    @property
    def name(self) -> str:
        """Its file name."""
        return PurePosixPath(self.member).name if self.member else self.file.name

    def read(self) -> bytes:
        """Its content."""
        if not self.member:
            return self.file.read_bytes()
        with zipfile.ZipFile(self.file) as archive:
            return archive.read(self.member)


def find_parts(files: list[Path]) -> list[AppPart]:
    """The APKs of one app in the files given.

    Raises:
        InputError: a file is not there, is of another kind, or is too large to be an app.
    """
    parts: list[AppPart] = []
    for file in files:
        try:
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
                if "AndroidManifest.xml" in names:
                    parts.append(AppPart(file))
                    continue
                parts += _inside(file, archive)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{file}: no app can be read: {error}", "name .apk, .apks, .xapk or .apkm files"
            ) from error
    if not parts or len(parts) > MAX_PARTS:
        raise InputError(f"{len(parts)} APKs found", "name the files of one app")
    return parts


def _inside(file: Path, archive: zipfile.ZipFile) -> list[AppPart]:
    """The APKs of an archive; bundletool's ``.apks`` keeps alternatives for whole devices below ``standalones/``."""
    members = [info for info in archive.infolist() if info.filename.endswith(".apk") and not info.is_dir()]
    splits = [info for info in members if not info.filename.startswith("standalones/")] or members
    if file.suffix.lower() not in _ARCHIVES or not splits:
        raise InputError(f"{file}: no APK in it", "name .apk, .apks, .xapk or .apkm files")
    if sum(info.file_size for info in splits) > MAX_BYTES:
        raise InputError(f"{file}: its APKs are larger than {MAX_BYTES >> 30} GiB", "check the file")
    return [AppPart(file, info.filename) for info in splits]
