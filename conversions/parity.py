"""Parity: does a converted decoder compute what the original library computes?

A trace is an ``.npz`` file of arrays that the original computed on a fixed input, batch 1:

``input`` (steps, channels), ``spikes`` (steps, neurons), ``readout`` (steps, 2)
    the weights run in float32;
``heads`` (heads, steps, 2), optional
    each readout of the same run;
``spikes_half``, ``readout_half``, optional
    the same run in half precision, whose values may be stored as float32.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.conversions.trace_file import read_trace
from nbsuite.errors import ConversionError
from nbsuite.models.finite import require_finite
from nbsuite.models.rsnn import Decoded, RecurrentDecoder
from nbsuite.models.spec import OUTPUTS, ModelSpec
from nbsuite.neurons.kernels import KERNEL_NAMES, KernelName

NAMES = ("input", "spikes", "readout", "heads", "spikes_half", "readout_half")
MOST_STEPS = 1 << 17
"""Steps of the longest trace: every kernel runs it, one of them a step at a time."""
CHUNK_STEPS = 8192
READOUT_TOLERANCE = 1e-6
"""Largest readout difference in float32, where the order of a sum may differ by rounding."""

Trace = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class RunParity:
    """How one run of a decoder compares with the trace.

    Attributes:
        kernel: the kernel that ran.
        precision: ``float32`` or ``float16``.
        spikes_differing: hidden spikes that are there in one and not in the other.
        readout_difference: largest absolute difference of the readout; infinite for NaN.
        readouts_differing: readout values that are not equal bit for bit.
        heads_difference: the same as ``readout_difference`` over the heads, where traced.
    """

    kernel: str
    precision: str
    spikes_differing: int
    readout_difference: float
    readouts_differing: int
    heads_difference: float | None = None

    @property
    def passed(self) -> bool:
        """Spikes identical, and readouts within 1e-6 (float32) or equal to the bit (float16)."""
        if self.precision == "float16":
            readouts_agree = self.readouts_differing == 0
        else:
            difference = max(self.readout_difference, self.heads_difference or 0.0)
            readouts_agree = difference <= READOUT_TOLERANCE
        return self.spikes_differing == 0 and readouts_agree

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; an infinite difference is null."""
        values = asdict(self) | {"passed": self.passed}
        infinite = [key for key, value in values.items() if value == math.inf]
        return values | dict.fromkeys(infinite)


@dataclass(frozen=True)
class ParityReport:
    """How a decoder compares with a trace.

    Attributes:
        trace: the trace's file.
        steps: number of time steps compared.
        runs: one comparison a kernel and precision.
    """

    trace: Path
    steps: int
    runs: tuple[RunParity, ...]

    @property
    def passed(self) -> bool:
        """Whether every run passed."""
        return all(run.passed for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "trace": str(self.trace),
            "steps": self.steps,
            "passed": self.passed,
            "runs": [run.to_json() for run in self.runs],
        }


def check_parity(
    decoder: RecurrentDecoder, path: Path, *, kernels: Sequence[KernelName] = KERNEL_NAMES
) -> ParityReport:
    """Run a decoder on a trace's input and compare, with every kernel and traced precision.

    Args:
        decoder: the converted decoder; it is left as it is.
        path: the trace.
        kernels: the kernels to run.

    Raises:
        ConversionError: the trace is missing, damaged, or not one of such a decoder.
        CheckpointError: the decoder decodes values that are not finite.
    """
    trace = read_trace(path, NAMES)
    _check_trace(trace, decoder.spec, path)
    inputs = torch.from_numpy(trace["input"].astype(np.int8)).unsqueeze(1)
    runs: list[RunParity] = []
    for dtype in (torch.float32, torch.float16):
        if dtype == torch.float16 and "spikes_half" not in trace:
            continue
        network = copy.deepcopy(decoder).to(device="cpu", dtype=dtype)
        runs += [_compare(kernel, _decode(network, inputs, kernel), trace) for kernel in kernels]
    return ParityReport(path, len(inputs), tuple(runs))


@torch.no_grad()
def _decode(network: RecurrentDecoder, inputs: Tensor, kernel: KernelName) -> Decoded:
    """Decode in chunks, as a decoder in use does, each of which must be finite."""
    state, chunks = network.initial_state(), []
    for chunk in torch.split(inputs, CHUNK_STEPS):
        chunks.append(network(chunk, state, kernel=kernel))
        state = chunks[-1].state
        require_finite(network, chunks[-1].outputs, state)
    velocity, spikes, heads, _ = zip(*chunks, strict=True)
    return Decoded(torch.cat(velocity), torch.cat(spikes), torch.cat(heads), state)


def _compare(kernel: str, decoded: Decoded, trace: Trace) -> RunParity:
    velocity = decoded.outputs[:, 0].numpy()
    suffix = "_half" if velocity.dtype == np.float16 else ""
    with np.errstate(over="ignore"):  # what half precision cannot hold differs anyway
        readout = trace["readout" + suffix].astype(velocity.dtype)
    spikes = trace["spikes" + suffix]
    heads = None
    if "heads" in trace and not suffix:
        heads = _largest_difference(decoded.heads[:, :, 0].transpose(0, 1).numpy(), trace["heads"])
    return RunParity(
        kernel=kernel,
        precision=str(velocity.dtype),
        spikes_differing=int((decoded.spikes[:, 0].numpy() != spikes).sum()),
        readout_difference=_largest_difference(velocity, readout),
        readouts_differing=int((_bits(velocity) != _bits(readout)).sum()),
        heads_difference=heads,
    )


def _largest_difference(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    difference = float(np.abs(ours.astype(np.float64) - theirs).max())
    return math.inf if math.isnan(difference) else difference


def _bits(values: NDArray[Any]) -> NDArray[Any]:
    """The bit patterns, so that -0 differs from 0 and NaN equals itself."""
    return np.ascontiguousarray(values).view(f"i{values.itemsize}")


def _check_trace(trace: Trace, spec: ModelSpec, path: Path) -> None:
    """Every array there, numeric, and shaped as the decoder's input and output."""
    if "input" not in trace:
        raise ConversionError(f"{path} has no array 'input'; pass a trace.")
    shape = trace["input"].shape
    if len(shape) != 2 or shape[0] == 0 or shape[1] != spec.channels:
        raise ConversionError(
            f"The input of {path} has shape {shape} where (steps, {spec.channels}) is due; "
            f"pass a trace of this checkpoint's session."
        )
    if shape[0] > MOST_STEPS:
        raise ConversionError(f"{path} has more than {MOST_STEPS:,} steps; pass a shorter trace.")
    for name, expected in _array_shapes(trace, spec).items():
        if name not in trace:
            raise ConversionError(f"{path} has no array '{name}'; pass a complete trace.")
        if trace[name].shape != expected or trace[name].dtype.kind not in "iuf":
            raise ConversionError(
                f"The array '{name}' of {path} is {trace[name].dtype}{trace[name].shape} where "
                f"numbers of shape {expected} are due; pass a trace of this checkpoint."
            )
    if not ((trace["input"] == 0) | (trace["input"] == 1)).all():
        raise ConversionError(f"The input of {path} is not 0 and 1 only; pass a spike train.")


def _array_shapes(trace: Trace, spec: ModelSpec) -> dict[str, tuple[int, ...]]:
    """The arrays a trace must have, given those it has."""
    steps = len(trace["input"])
    spikes, readout = (steps, spec.neurons), (steps, OUTPUTS)
    shapes: dict[str, tuple[int, ...]] = {
        "input": (steps, spec.channels),
        "spikes": spikes,
        "readout": readout,
    }
    if "heads" in trace:
        shapes["heads"] = (len(spec.readouts), steps, OUTPUTS)
    if "spikes_half" in trace or "readout_half" in trace:
        shapes |= {"spikes_half": spikes, "readout_half": readout}
    return shapes
