"""The training kernel as it is compiled for processors with narrower registers than AVX-512's."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = (
    "test_vectors.py",
    "test_training_kernel.py",
    "test_kernel_architectures.py",
    "test_dropout.py",
)
AVX2 = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+sse4.2,+popcnt,+avx,+avx2,+fma,+f16c,+lzcnt,+bmi,+bmi2",
}
SSE = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "+sse2"}


@pytest.mark.slow
@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="the code is for x86-64 processors"
)
@pytest.mark.parametrize("target", [AVX2, SSE], ids=["AVX2", "SSE2"])
def test_narrower_registers(target: dict[str, str], tmp_path: Path) -> None:
    here = Path(__file__).parent
    environment = {**os.environ, **target, "NUMBA_CACHE_DIR": str(tmp_path)}
    program = (  # imported after the tests, which check the shapes of what they import
        "import pytest, sys; failed = pytest.main(sys.argv[1:]);"
        "from nbsuite.neurons.kernels.training.product import PANEL; assert PANEL == 16, PANEL;"
        "sys.exit(failed)"
    )
    tests = [str(here / name) for name in TESTS]
    command = [sys.executable, "-c", program, "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
