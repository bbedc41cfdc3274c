"""Loading a recording of one's own."""

from __future__ import annotations

from pathlib import Path

from nbsuite.data.digests import known_digest
from nbsuite.data.finding import Finding
from nbsuite.data.recording import Recording
from nbsuite.data.recording_file import require_file
from nbsuite.untrusted.fault import FormatFault


def load_own_recording(path: Path) -> Recording:
    """Load a recording of one's own from its file.

    Raises:
        DataError: the file is missing, damaged, of another version of the format, or none.
    """
    from nbsuite.data.own.file import read_content  # HDF5

    require_file(path)
    try:
        content = read_content(path)
        digest = known_digest(path, "sha256")
    except FormatFault as fault:
        raise Finding(f"{fault}: import it again with `nbsuite data import`").error(path) from fault
    except OSError as error:
        raise Finding(f"cannot be read ({error.strerror}): check it").error(path) from error
    return Recording.from_content(content, path, digest)
