"""What this machine and installation are: for bug reports and for telling results apart."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import nbsuite
from nbsuite.data.folders import CACHE_VARIABLE, DATA_VARIABLE, cache_folder, data_folder
from nbsuite.errors import NbsuiteError
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.json_text import parse_json
from nbsuite.untrusted.text import one_line

PACKAGES = (
    "torch",
    "snntorch",
    "neurobench",
    "numpy",
    "numba",
    "scipy",
    "h5py",
    "safetensors",
    "jsonschema",
    "jinja2",
    "markupsafe",
    "matplotlib",
    "msgspec",
    "requests",
    "filelock",
    "platformdirs",
    "click",
    "rich",
)
VARIABLES = (
    DATA_VARIABLE,
    CACHE_VARIABLE,
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMBA_THREADING_LAYER",
    "NUMBA_DISABLE_JIT",
    "NUMBA_CACHE_DIR",
    "CUDA_VISIBLE_DEVICES",
)

_PATIENCE = 300.0  # seconds in which all packages import even from a slow disk
_LONGEST_TEXT = 1000  # characters of what a package says of itself

# Imports one package after the other and says after each how it went: where a broken binary ends
# the process, the last line tells whose it was. What packages print themselves goes elsewhere, and
# what lies in the current folder, whosever that is, is not imported.
_PROBE = """
import sys
sys.path = [folder for folder in sys.path if folder]
import json, os

reports = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

def say(**report):
    print(json.dumps(report), file=reports, flush=True)

for name in sys.argv[1:]:
    say(starting=name)
    try:
        module = __import__(name)
        say(package=name, error=None)
    except BaseException as error:
        say(package=name, error=f"{type(error).__name__}: {error}"[:500])
        continue
    if name == "torch":
        cuda = module.cuda
        names = [cuda.get_device_name(i) for i in range(cuda.device_count())]
        say(torch={"cuda": module.version.cuda, "devices": names,
                   "threads": module.get_num_threads()})
    if name == "numba":
        say(numba={"threads": module.get_num_threads()})
"""


def describe_environment() -> dict[str, Any]:
    """Versions, devices, threads and folders, as a JSON-ready mapping.

    Every package is imported, in another process, so that an installation whose packages are
    there but broken is told from a sound one.
    """
    imports = _try_imports(PACKAGES)
    return {
        "nbsuite": nbsuite.__version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "packages": {
            name: {"version": _version(name), "error": imports["errors"].get(name)}
            for name in PACKAGES
        },
        "torch": imports["torch"],
        "numba": imports["numba"],
        "folders": {"data": _folder(data_folder), "cache": _folder(cache_folder)},
        "variables": {
            name: one_line(os.environ[name], _LONGEST_TEXT)
            for name in VARIABLES
            if name in os.environ
        },
    }


def _folder(find: Callable[[], Path]) -> str:
    """The folder, or why there is none."""
    try:
        return one_line(str(find()), _LONGEST_TEXT)
    except NbsuiteError as error:
        return str(error)


def _version(package: str) -> str | None:
    """The installed version, read without importing the package."""
    try:
        return one_line(str(metadata.version(package)), _LONGEST_TEXT)
    except metadata.PackageNotFoundError:
        return None
    except (OSError, ValueError, KeyError):
        return "unreadable"


def _try_imports(packages: tuple[str, ...]) -> dict[str, Any]:
    """Import the packages in another process; whatever they do there, this one goes on."""
    output, end = _probe(packages)
    findings: dict[str, Any] = {"errors": {}, "torch": None, "numba": None}
    running = None
    for report in _reports(output):
        running = _text(report.get("starting")) or running
        if error := _text(report.get("error")):
            findings["errors"][running] = error
        for name in ("torch", "numba"):
            if isinstance(report.get(name), dict):
                findings[name] = _FIGURES[name](report[name])
    if end and running is not None:
        findings["errors"][running] = end
    return findings


def _probe(packages: tuple[str, ...]) -> tuple[bytes, str | None]:
    """What the other process reports, and how it ended if not as it should."""
    try:
        finished = subprocess.run(  # noqa: S603 - our own interpreter and text
            [sys.executable, "-W", "ignore", "-c", _PROBE, *packages],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return expired.stdout or b"", f"its import did not end within {_PATIENCE:g} s"
    status = finished.returncode
    return finished.stdout, f"its import ended Python with status {status}" if status else None


def _reports(output: bytes) -> Iterator[dict[str, Any]]:
    """The objects among the lines."""
    for line in output.decode("utf-8", "replace").splitlines():
        try:
            report = parse_json(line)
        except FormatFault:
            continue
        if isinstance(report, dict):
            yield report


def _text(value: object) -> str | None:
    return one_line(value, _LONGEST_TEXT) if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if type(value) is int else None


def _torch_figures(report: dict[str, Any]) -> dict[str, Any]:
    devices = report.get("devices")
    return {
        "cuda": _text(report.get("cuda")),
        "devices": [_text(name) or "?" for name in devices] if isinstance(devices, list) else [],
        "threads": _number(report.get("threads")),
    }


def _numba_figures(report: dict[str, Any]) -> dict[str, Any]:
    return {"threads": _number(report.get("threads"))}


_FIGURES = {"torch": _torch_figures, "numba": _numba_figures}


def _processor() -> str:
    """The processor's name as the system gives it, else its architecture."""
    try:
        # Not a real file.
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            names = [line.partition(":")[2].strip() for line in stream if "model name" in line]
        return one_line(names[0])
    except (OSError, IndexError):
        return platform.processor() or platform.machine()
