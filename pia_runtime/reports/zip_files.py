"""Office files are ZIP archives that carry the time of writing; here the same content gives the same bytes."""

import io
import zipfile

_EPOCH = (1980, 1, 1, 0, 0, 0)


def same_bytes(archive: bytes) -> bytes:
    """The archive with every member dated 1980, in its order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as read, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as write:
        for member in read.infolist():
            kept = zipfile.ZipInfo(member.filename, _EPOCH)
            kept.compress_type = zipfile.ZIP_DEFLATED
            kept.external_attr = member.external_attr
            write.writestr(kept, read.read(member))
    return buffer.getvalue()
