"""How long the first and the cached load of a full-length recording take, and in what memory.

Run ``python benchmarks/loading.py [I1]`` on Linux. Each load runs in a process of its own, whose
imports and load are timed apart. The recording is the session's full-length twin, generated if
missing; the cache is a temporary one, so that the first load is a first one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from nbsuite.data.folders import CACHE_VARIABLE, data_folder
from nbsuite.data.twins.generate import ensure_twin
from nbsuite.tasks.known import find_session

CACHED_LOADS = 5

LOAD = """
import json, re, sys, time
from pathlib import Path
start = time.perf_counter()
from nbsuite.tasks.opening import load_recording
if sys.argv[2] == "first":
    import h5py, neurobench.datasets.primate_reaching
imported = time.perf_counter()
recording = load_recording(Path(sys.argv[1]))
loaded = time.perf_counter()
test_events = int(recording.spikes(recording.test.start, recording.test.stop).sum())
# Not getrusage: its peak includes that of the process that started this one.
peak_kb = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]
print(json.dumps({
    "imports": imported - start,
    "load": loaded - imported,
    "test_events": test_events,
    "steps": recording.steps,
    "peak_mb": int(peak_kb) / 1024,
}))
"""


def main() -> None:
    """Measure and print."""
    session = find_session(sys.argv[1] if len(sys.argv) > 1 else "I1")
    path = ensure_twin(session, data_folder())
    with tempfile.TemporaryDirectory() as cache:
        first = load(path, "first", cache)
        cached = [load(path, "cached", cache) for _ in range(CACHED_LOADS)]
    best = min(cached, key=lambda figures: figures["load"])
    assert all(figures["test_events"] == first["test_events"] for figures in cached)
    print(f"{path.name}: {first['steps']:,} steps, {first['test_events']:,} test events")
    print("load     imports    load      peak memory")
    for name, figures in (("first", first), ("cached", best)):
        print(
            f"{name:8} {figures['imports']:6.2f} s {1000 * figures['load']:8.1f} ms"
            f" {figures['peak_mb']:8.0f} MB"
        )
    worst = max(figures["load"] for figures in cached)
    print(
        f"cached loads are {first['load'] / best['load']:,.0f} times faster at best of"
        f" {CACHED_LOADS}, {first['load'] / worst:,.0f} times at worst; imports left out"
    )


def load(path: Path, kind: str, cache: str) -> dict[str, Any]:
    """Load in a fresh process."""
    finished = subprocess.run(
        [sys.executable, "-c", LOAD, str(path), kind],
        env={**os.environ, CACHE_VARIABLE: cache},
        check=True,
        stdout=subprocess.PIPE,
    )
    figures: dict[str, Any] = json.loads(finished.stdout)
    return figures


if __name__ == "__main__":
    main()
