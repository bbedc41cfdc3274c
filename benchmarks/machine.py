"""The machine that a benchmark ran on, and the memory that its processes took."""

from __future__ import annotations

import os
import resource
import sys
from typing import Any

MEBIBYTE = 1 << 20
PACKAGES = ("torch", "numba", "neurobench", "snntorch")


def describe_machine() -> dict[str, Any]:
    """Processor, processors, load and the versions that speed depends on."""
    from nbsuite.environment import describe_environment

    environment = describe_environment()
    packages = environment["packages"]
    return {
        "processor": environment["processor"],
        "cpus": environment["cpus"],
        "load": round(os.getloadavg()[0], 1),
        "python": environment["python"],
        **{
            name: packages[name]["version"] for name in ("torch", "numba", "neurobench", "snntorch")
        },
    }


def machine_line(machine: dict[str, Any]) -> str:
    """The machine in one line."""
    versions = ", ".join(f"{name} {machine[name]}" for name in ("python", *PACKAGES))
    return (
        f"{machine['processor']}, {machine['cpus']} CPUs, load {machine['load']:.1f} at the start; "
        f"{versions}"
    )


def peak_mebibytes(usage: resource.struct_rusage) -> float:
    """Peak resident memory of a process, which macOS counts in bytes and Linux in KiB."""
    return usage.ru_maxrss / MEBIBYTE if sys.platform == "darwin" else usage.ru_maxrss / 1024
