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
blocks       stretches of a test set, such as reaches
seeds        runs of one decoder
draws        draws of a bootstrap
===========  =========================================================
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from jaxtyping import (
    Bool,
    Float,
    Float32,
    Float64,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Integer,
    Num,
    UInt16,
)
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

WindowOutputs: TypeAlias = Float[Tensor, "steps windows outputs"]
StepsHeadsBatchOutputs: TypeAlias = Float[Tensor, "steps heads batch outputs"]
StepsOutputs: TypeAlias = Float[Tensor, "steps outputs"]
StepsChannels: TypeAlias = Num[Tensor, "steps channels"] | Bool[Tensor, "steps channels"]
WindowSpikes: TypeAlias = Num[Tensor, "steps windows channels"]

StepsBatchSpikes: TypeAlias = Num[Tensor, "steps batch hidden"]
"""Spikes of all hidden neurons, one layer beside the other."""

HiddenSpikes: TypeAlias = Int8[Tensor, "steps batch hidden"]
"""The same as the fused kernels give them."""

ChunkOutputs: TypeAlias = Float32[Tensor, "steps outputs"]
ChunkSpikes: TypeAlias = Int8[Tensor, "steps hidden"]
"""Spikes of all hidden neurons of one recording."""

SampleChannels: TypeAlias = Num[Tensor, "1 channels"]
SampleOutputs: TypeAlias = Float32[Tensor, "1 outputs"]
OwnSampleOutputs: TypeAlias = Float[Tensor, "1 outputs"]
"""In the precision of the network that computes them."""
SampleSpikes: TypeAlias = Int8[Tensor, "1 hidden"]

LoadedBatch: TypeAlias = Num[Tensor, "samples 1 channels"] | Bool[Tensor, "samples 1 channels"]
"""What a data loader gives NeuroBench's models: a sample is one step of all channels."""

SampleOutputRows: TypeAlias = Float32[Tensor, "samples outputs"]

Calling: TypeAlias = Num[Tensor, "calls fan_in"]
Called: TypeAlias = Float64[Tensor, "calls fan_out"]

SpikeRows: TypeAlias = Int8[Tensor, "rows channels"] | Int16[Tensor, "rows channels"]
"""Spikes of the newest samples: int8, or int16 where there are counts."""

SpikeSteps: TypeAlias = Int8[Tensor, "steps channels"] | Int16[Tensor, "steps channels"]
PartCounts: TypeAlias = Int32[Tensor, "counted parts channels"]
StepFlags: TypeAlias = Bool[Tensor, " counted"]

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

SamplesByOutputs: TypeAlias = Float64[NDArray[np.float64], "samples outputs"]
BlockSteps: TypeAlias = Int64[NDArray[np.int64], " blocks"]
Blocks: TypeAlias = Float64[NDArray[np.float64], " blocks"]
BlockOutputs: TypeAlias = Float64[NDArray[np.float64], "blocks outputs"]
SeedBlockOutputs: TypeAlias = Float64[NDArray[np.float64], "seeds blocks outputs"]
Outputs: TypeAlias = Float64[NDArray[np.float64], " outputs"]
Seeds: TypeAlias = Float64[NDArray[np.float64], " seeds"]
BlockDraws: TypeAlias = Float64[NDArray[np.float64], "draws blocks"]
DrawnErrors: TypeAlias = Float64[NDArray[np.float64], " draws"]
DrawnScatter: TypeAlias = Float64[NDArray[np.float64], "draws outputs"]

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

SamplesInputs: TypeAlias = Float32[NDArray[np.float32], "samples inputs"]
AxesSamples: TypeAlias = Float64[NDArray[np.float64], "2 samples"]
"""Positions along x and y."""

Terms: TypeAlias = Float64[NDArray[np.float64], " terms"]
TermsTerms: TypeAlias = Float64[NDArray[np.float64], "terms terms"]
"""Of a regression's inputs and outputs, one after the other."""

WeightsAndOffset: TypeAlias = Float64[NDArray[np.float64], "inputs_and_one outputs"]
CandidateScores: TypeAlias = Float64[NDArray[np.float64], " candidates"]
