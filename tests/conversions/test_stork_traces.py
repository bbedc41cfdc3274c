"""Parity with stork itself, on the networks that scripts/stork_traces.py has traced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nbsuite.conversions.parity import check_parity
from nbsuite.conversions.stork import read_stork
from nbsuite.conversions.stork_layout import stork_layout
from nbsuite.models.checkpoint import build_decoder
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.training.families import model_spec

FOLDER = Path(__file__).parent / "traces"
NAMES = sorted(path.stem for path in FOLDER.glob("*.npz"))


def read(name: str) -> RecurrentDecoder:
    """The traced network; a bigRSNN of few neurons is none that is read as a file by itself."""
    path = FOLDER / f"{name}.pth"
    if name.startswith("tiny"):
        return read_stork(path)[0]
    state = torch.load(path, weights_only=True)
    neurons, channels = state["con1.op.weight"].shape
    spec = replace(model_spec("bigRSNN", channels), neurons=neurons)
    assert list(stork_layout(spec)) == list(state)
    tensors = {name: state[key] for key, name in stork_layout(spec).items()}
    return build_decoder(spec, tensors, str(path))


def test_there_are_traces_of_every_kind() -> None:
    assert len(NAMES) == 6
    assert {name.split("-")[0] for name in NAMES} == {"tiny", "big"}
    assert {name.split("-")[1] for name in NAMES} == {"96", "192"}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_as_stork(name: str) -> None:
    decoder = read(name)
    report = check_parity(decoder, FOLDER / f"{name}.npz")
    half = name.endswith("half")
    assert decoder.dtype == (torch.float16 if half else torch.float32)
    assert [(run.kernel, run.precision) for run in report.runs] == [
        (kernel, precision)
        for precision in (("float32", "float16") if half else ("float32",))
        for kernel in ("reference", "numba")
    ]
    for run in report.runs:
        assert run.spikes_differing == 0
        assert run.readout_difference <= (0 if run.precision == "float16" else 1e-6)
        assert (run.heads_difference is not None) == (
            name.startswith("big") and run.precision == "float32"
        )
    assert report.passed


@pytest.mark.parametrize("name", NAMES)
def test_the_networks_do_something(name: str) -> None:
    with np.load(FOLDER / f"{name}.npz") as arrays:
        active = arrays["spikes"].any(axis=0).mean()
        assert 0.02 < arrays["spikes"].mean() < 0.2
        assert active > 0.7
        assert np.abs(arrays["readout"]).max() > 0.05
