"""Attacks of a fixed seed, as scripts/attack.py makes them, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.adversarial.attacks import KINDS
from tests.adversarial.storms import all_storms

pytestmark = [
    pytest.mark.adversarial,
    pytest.mark.skipif(sys.platform != "linux", reason="forks, and limits what is forked"),
]

SCRIPT = Path(__file__).parents[2] / "scripts" / "attack.py"


def _attack(*options: str) -> str:
    """Run the script; returns the counts, which are printed too."""
    command = [sys.executable, str(SCRIPT), "--seed", "1", *options]
    ended = subprocess.run(command, capture_output=True, text=True)
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_files_of_every_kind() -> None:
    counts = _attack("--cases", "170")
    assert all(f"\n{kind.name} " in f"\n{counts}" for kind in KINDS)


@pytest.mark.slow
def test_jobs_killed_at_any_moment() -> None:
    counts = _attack("--cases", "0", "--kills", "30")
    assert all(f"\n{storm.name} " in f"\n{counts}" for storm in all_storms())
    assert " 30 kills in " in counts
