"""Run as a script: the triton kernel as a GPU would get it, compiled but executed without one.

Prints JSON: ``differences`` of gradients from the reference's, by problem; ``resources`` that the
compiled kernels of tinyRSNN take, by architecture and kernel; and the ``refusal`` of what is on
the CPU. A process of its own, for in that of the tests Triton's interpreter takes the compiler's
place.
"""

import argparse
import json
import re
import subprocess
import tempfile
from types import SimpleNamespace

import numpy as np
import torch
import triton
from ptx import Program
from test_training_kernel import gradients, largest_difference, make_decoder, make_events
from triton.backends.compiler import GPUTarget
from triton.runtime.jit import JITFunction

from nbsuite.errors import UsageError
from nbsuite.neurons.dropout import Dropout
from nbsuite.neurons.kernels.gpu import training

PROBLEMS = [  # architecture, neurons, heads, windows, steps, rates, dtype
    (80, 37, 2, 3, 9, (0.3, 0.3), torch.float64),
    (80, 100, 1, 2, 7, (0, 0), torch.float32),
    (90, 64, 1, 2, 9, (0.3, 0.3), torch.float32),
    (90, 20, 1, 2, 9, (0, 0.5), torch.float64),
]


class Compiler:
    """Stands in for the driver and the launch of a GPU."""

    def __init__(self):
        self.architecture = 80
        self.executes = self.barriers = True
        self.compiled = {}

    def install(self):
        triton.runtime.driver.set_active(
            SimpleNamespace(
                get_current_target=lambda: GPUTarget("cuda", self.architecture, 32),
                get_current_device=lambda: self.architecture,
                get_current_stream=lambda _: 0,
            )
        )
        JITFunction.__getitem__ = lambda kernel, grid: (
            lambda *arguments, **options: self.launch(kernel, grid, arguments, options)
        )

    def launch(self, kernel, grid, arguments, options):
        compiled = kernel.run(*arguments, grid=grid, warmup=True, **options)
        self.compiled[kernel.__name__] = compiled
        if self.executes:
            values = [
                value.detach().numpy() if isinstance(value, torch.Tensor) else value
                for value in arguments
            ]
            ptx = compiled.asm["ptx"]
            if not self.barriers:
                ptx = ptx.replace("bar.sync", "// ")
            program = Program(ptx, 32 * compiled.metadata.num_warps)
            program.run(grid[0], [*values, 0, 0])  # two addresses that Triton adds, unused


def resources(compiled):
    """Registers of a thread, its bytes of memory for want of registers, and shared bytes."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(compiled.asm["cubin"])
        file.flush()
        tool = triton.knobs.nvidia.cuobjdump.path
        command = [tool, "-res-usage", file.name]
        report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = {name: int(re.search(rf"{name}:(\d+)", report)[1]) for name in ("REG", "STACK", "LOCAL")}
    return {
        "registers": used["REG"],
        "spilled": used["STACK"] + used["LOCAL"],
        "shared": compiled.metadata.shared,
        "threads": 32 * compiled.metadata.num_warps,
    }


def solve(neurons, heads, windows, steps, rates, dtype):
    decoder, events = make_decoder(6, neurons, heads, 1, dtype), make_events(6, 60, 1)
    starts = np.arange(windows)
    problem = (decoder, events, starts, steps, Dropout(*rates, key=3))
    _, counts, found = gradients(*problem, "triton")
    _, true_counts, expected = gradients(*problem, "reference")
    assert torch.equal(counts, true_counts)
    assert float(counts.sum()) > 0
    return largest_difference(found, expected)


def finds_race(compiler):
    """Whether the emulator notices that the barriers are gone."""
    compiler.architecture, compiler.barriers = PROBLEMS[0][0], False
    try:
        solve(*PROBLEMS[0][1:])
    except AssertionError as error:
        return "race" in str(error)
    finally:
        compiler.barriers = True
    return False


def refusal():
    try:
        make_decoder(6, 20, 1, 1).decode_windows(
            make_events(6, 60, 1), np.arange(2), 9, kernel="triton"
        )
    except UsageError as error:
        return str(error)
    return None


def main(architectures, sizes):
    report = {"refusal": refusal(), "resources": {}}
    compiler = Compiler()
    compiler.install()
    training._require_fit = lambda _: None  # what is to run on a GPU lies on the CPU here
    report["differences"] = []
    for compiler.architecture, *problem in PROBLEMS:
        dtype = str(problem[-1]).removeprefix("torch.")
        report["differences"].append((dtype, solve(*problem)))
    report["race"] = finds_race(compiler)
    compiler.executes = False
    for architecture in architectures:
        compiler.architecture = int(architecture.removeprefix("sm_"))
        for neurons in sizes:
            # A window's length and the number of windows and channels are no part of a kernel.
            decoder, events = make_decoder(96, neurons, 1, 1, torch.float32), make_events(96, 9, 1)
            gradients(decoder, events, np.arange(2), 5, Dropout(0.3, 0.3, 1), "triton")
            report["resources"] |= {
                f"{architecture} {neurons} {name}": resources(compiled)
                for name, compiled in compiler.compiled.items()
            }
    print(json.dumps(report))


parser = argparse.ArgumentParser()
parser.add_argument("architectures", nargs="+")
parser.add_argument("--neurons", nargs="+", type=int, default=[64])
arguments = parser.parse_args()
main(arguments.architectures, arguments.neurons)
