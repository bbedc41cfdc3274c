"""The place of a case: a folder with everything that a command may see, watched as a whole.

=================  ============================================================================
``in/``            the files under attack, and sound ones beside them
``out/``           the output folder; ``out/keep.txt`` is somebody's, and has to stay
``data/``          recordings and twins (``NBSUITE_DATA``)
``cache/``         what nbsuite keeps (``NBSUITE_CACHE``)
``tmp/``           temporary files, of which none may be left
=================  ============================================================================

The box lies some folders below the case's root, so that a path that leads out of it (``../../x``)
ends where it is seen. All files have one fixed time, for the notes of digests go by it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

Files = dict[str, bytes]
"""Content by the path below the box."""

Place = Callable[[Path], None]
"""Makes something at a path that is no plain file: a link, a pipe, a sparse file."""

WITHIN = Path("a/b/c/d/box")
FOLDERS = ("in", "out", "data", "cache", "tmp", "home")
KEPT = "out/keep.txt"
MODIFIED = 1_700_000_000_000_000_000
"""Time of modification of every file, in nanoseconds since 1970."""


class Box:
    """A folder of its own for one case after another.

    Args:
        root: the folder to watch; what is in it is lost.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / WITHIN

    def fill(self, files: Mapping[str, bytes | Place]) -> None:
        """Empty the box and put these files into it."""
        shutil.rmtree(self.root, onerror=_retry)
        for folder in FOLDERS:
            (self.path / folder).mkdir(parents=True)
        for name, content in {KEPT: b"somebody's", **files}.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if callable(content):
                content(path)
            else:
                path.write_bytes(content)
                os.utime(path, ns=(MODIFIED, MODIFIED))

    def environment(self) -> dict[str, str]:
        """Variables that keep a command within the box, and its output plain."""
        return {
            "NBSUITE_DATA": str(self.path / "data"),
            "NBSUITE_CACHE": str(self.path / "cache"),
            "TMPDIR": str(self.path / "tmp"),
            "HOME": str(self.path / "home"),
            "NO_COLOR": "1",
            "NO_PROXY": "127.0.0.1",
            "TERM": "dumb",
        }

    def snapshot(self) -> dict[str, str]:
        """What is below the root: kind and content of everything, by the path below the box."""
        found: dict[str, str] = {}
        for folder, names, files in os.walk(self.root):
            for name in (*names, *files):
                path = os.path.join(folder, name)  # noqa: PTH118 - thousands a second
                found[os.path.relpath(path, self.path)] = _describe(path)
        return found

    def collect(self, prefix: str) -> Files:
        """The plain files below a folder of the box."""
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in sorted((self.path / prefix).rglob("*"))
            if path.is_file() and not path.is_symlink()
        }


def _describe(path: str) -> str:
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        return f"link to {os.readlink(path)}"  # noqa: PTH115 - thousands a second
    if stat.S_ISDIR(status.st_mode):
        return "folder"
    if not stat.S_ISREG(status.st_mode):
        return f"special {stat.S_IFMT(status.st_mode):o}"
    if status.st_size > 1 << 26 or not status.st_mode & stat.S_IRUSR:
        return f"file of {status.st_size} bytes, {status.st_mtime_ns}"
    with open(path, "rb") as stream:  # noqa: PTH123 - thousands a second
        return mark(stream.read())


def mark(content: bytes) -> str:
    """What a snapshot says of a plain file of this content."""
    return hashlib.blake2b(content).hexdigest()


def _retry(function: Callable[[str], None], path: str, _error: object) -> None:
    """Remove what a case has protected."""
    if not os.path.lexists(path):
        return
    Path(path).parent.chmod(0o700)
    if not Path(path).is_symlink():
        Path(path).chmod(0o700)
    function(path)
