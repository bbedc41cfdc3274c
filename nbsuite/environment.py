"""What this machine and installation are: for bug reports and for telling results apart."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from typing import Any

import nbsuite
from nbsuite.data.folders import CACHE_VARIABLE, DATA_VARIABLE, cache_folder, data_folder

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

# Imports one package after the other and says after each how it went: where a broken binary ends
# the process, the last line tells whose it was.
_PROBE = """
import json, sys

def say(**report):
    print(json.dumps(report), flush=True)

for name in sys.argv[1:]:
    say(starting=name)
    try:
        module = __import__(name)
        say(package=name, error=None)
    except BaseException as error:
        say(package=name, error=f"{type(error).__name__}: {error}")
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
        "folders": {"data": str(data_folder()), "cache": str(cache_folder())},
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def _version(package: str) -> str | None:
    """The installed version, read without importing the package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _try_imports(packages: tuple[str, ...]) -> dict[str, Any]:
    """Import the packages in another process; whatever they do there, this one goes on."""
    finished = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-W", "ignore", "-c", _PROBE, *packages],
        capture_output=True,
        text=True,
        check=False,
    )
    findings: dict[str, Any] = {"errors": {}, "torch": None, "numba": None}
    running = None
    for line in finished.stdout.splitlines():
        report = json.loads(line) if line.startswith("{") else {}
        running = report.get("starting", running)
        if report.get("error"):
            findings["errors"][report["package"]] = report["error"]
        for name in ("torch", "numba"):
            findings[name] = report.get(name, findings[name])
    if finished.returncode != 0 and running is not None:
        findings["errors"][running] = f"its import ended Python with status {finished.returncode}"
    return findings


def _processor() -> str:
    """The processor's name as the system gives it, else its architecture."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:  # noqa: PTH123 - not a real file
            names = [line.partition(":")[2].strip() for line in stream if "model name" in line]
        return names[0]
    except (OSError, IndexError):
        return platform.processor() or platform.machine()
