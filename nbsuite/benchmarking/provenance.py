"""Where a result comes from: enough to make it again, or to find out why it differs."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import nbsuite

PACKAGES = ("torch", "snntorch", "neurobench", "numpy", "numba")


def versions() -> dict[str, str]:
    """Versions of nbsuite, Python and the packages that results depend on."""
    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"nbsuite": nbsuite.__version__, "python": platform.python_version(), **packages}


def commit() -> str | None:
    """The commit that nbsuite runs from; None where it does not run from a checkout."""
    package = Path(nbsuite.__file__).resolve().parent
    if not (package.parent / ".git").exists():
        return None
    try:
        answer = subprocess.run(  # noqa: S603
            ["git", "-C", str(package.parent), "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def circumstances() -> dict[str, Any]:
    """Versions, commit, machine and time of a run."""
    return {
        "versions": versions(),
        "commit": commit(),
        "machine": f"{platform.system()} {platform.machine()}",
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
