"""The shapes of arrays, as signatures name them: one alias for each, spelt after its axes.

Within a call, axes of the same name are of the same length: a function of ``BatchNeurons`` and
``Neurons`` takes no membrane potentials of 64 neurons with the decays of 65. Tests check every call
of the modules that use these (see ``tests/shape_checks.py``). Outside of tests nothing is checked
and this file is not even imported: import from it within ``if TYPE_CHECKING``.

===========  =========================================================
axis         what is counted along it
===========  =========================================================
steps        time steps of a chunk or window
samples      time steps of a recording
batch        sequences that are decoded at once
windows      training windows that are decoded at once
channels     input channels
neurons      neurons of a layer, or units of a readout
outputs      values that are decoded at each step
events       input events, or spikes
===========  =========================================================
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int, Int8, Int16, Int64, Integer, Num, UInt16
from numpy.typing import NDArray
from torch import Tensor

# Tensors

AnyShape: TypeAlias = Float[Tensor, "*shape"]
"""Numbers of any shape, the same for all arguments and results of a call."""

Words: TypeAlias = Int64[Tensor, "*shape"]
"""32-bit words in int64, of any shape that is the same throughout a call."""

Scalar: TypeAlias = Float[Tensor, ""]
"""A single number that gradients can flow from."""

Neurons: TypeAlias = Float[Tensor, " neurons"]
BatchNeurons: TypeAlias = Float[Tensor, "batch neurons"]
WindowsNeurons: TypeAlias = Float[Tensor, "windows neurons"]
StepsBatchNeurons: TypeAlias = Float[Tensor, "steps batch neurons"]
StepsBatchOutputs: TypeAlias = Float[Tensor, "steps batch outputs"]
StepsWindowsUnits: TypeAlias = Float[Tensor, "steps windows units"]

StepsBatchChannels: TypeAlias = Num[Tensor, "steps batch channels"]
"""Input spikes, as whole numbers or not."""

AnySamplesOutputs: TypeAlias = Float[Tensor, "*samples outputs"]
FanIns: TypeAlias = Float[Tensor, "*batch fan_in"]
FanOuts: TypeAlias = Float[Tensor, "*batch fan_out"]

EventNumbers: TypeAlias = Int64[Tensor, " events"]
EventFlags: TypeAlias = Bool[Tensor, " events"]

# NumPy arrays

WindowStarts: TypeAlias = Int64[NDArray[np.int64], " windows"]
"""The first sample of each window."""

ChosenWindows: TypeAlias = Int64[NDArray[np.int64], " chosen"]
StepsChosenOutputs: TypeAlias = Float32[NDArray[np.float32], "steps chosen outputs"]

EventTimes: TypeAlias = Int64[NDArray[np.int64], " events"]
EventSources: TypeAlias = UInt16[NDArray[np.uint16], " events"]

SamplesOutputs: TypeAlias = Float32[NDArray[np.float32], "samples outputs"]

SampleOffsets: TypeAlias = Int64[NDArray[np.int64], " bounds"]
"""Where the events of each sample begin, and where the last ones end."""

PerSample: TypeAlias = Int64[NDArray[np.int64], " samples"]
Channels: TypeAlias = Float64[NDArray[np.float64], " channels"]

SamplesChannels: TypeAlias = (
    Bool[NDArray[Any], "samples channels"] | Int[NDArray[Any], "samples channels"]
)
"""Input events, as flags or counts."""

SampleCounts: TypeAlias = (
    Int8[NDArray[np.int8], "samples channels"] | Int16[NDArray[np.int16], "samples channels"]
)
"""Events in each sample: int8 where none is above 1, otherwise int16."""

WindowCounts: TypeAlias = (
    Int8[NDArray[np.int8], "steps windows channels"]
    | Int16[NDArray[np.int16], "steps windows channels"]
)
"""The same of windows."""

DrawnSamples: TypeAlias = Float[NDArray[np.floating[Any]], " samples"]
DrawnOutputs: TypeAlias = Float[NDArray[np.floating[Any]], "samples outputs"]
DrawnSpikes: TypeAlias = Integer[NDArray[np.integer[Any]], "samples neurons"]
