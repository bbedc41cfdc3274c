"""Comparison of a converted decoder with what the original library computed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nbsuite.conversions.parity import ParityReport, check_parity
from nbsuite.conversions.stork import read_stork
from nbsuite.errors import ConversionError
from nbsuite.models.rsnn import RecurrentDecoder
from tests.conversions.stork_files import (
    random_input,
    simulate,
    stork_state,
    write_stork_file,
)

Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[RecurrentDecoder, Arrays]:
    """A float16 decoder and a trace: float32 arrays from the written-out equations."""
    state = stork_state()
    path = tmp_path_factory.mktemp("tiny") / "tiny.pth"
    decoder, _ = read_stork(write_stork_file(path, state))
    arrays = simulate(state, "tinyRSNN", random_input(200))
    with torch.no_grad():
        half = decoder(torch.from_numpy(arrays["input"]).unsqueeze(1))
    arrays["spikes_half"] = half.spikes[:, 0].numpy()
    arrays["readout_half"] = half.outputs[:, 0].float().numpy()
    return decoder, arrays


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.npz"


def check(decoder: RecurrentDecoder, path: Path, arrays: Arrays) -> ParityReport:
    np.savez(path, **arrays)
    return check_parity(decoder, path)


def test_same(tiny: tuple[RecurrentDecoder, Arrays], path: Path) -> None:
    decoder, arrays = tiny
    report = check(decoder, path, arrays)
    assert report.passed
    assert (report.trace, report.steps) == (path, 200)
    assert [(run.kernel, run.precision) for run in report.runs] == [
        ("reference", "float32"),
        ("numba", "float32"),
        ("reference", "float16"),
        ("numba", "float16"),
    ]
    assert all(run.passed and run.spikes_differing == 0 for run in report.runs)
    assert all(run.heads_difference is None for run in report.runs)
    assert decoder.dtype == torch.float16


def test_heads(tmp_path: Path, path: Path) -> None:
    state = stork_state("bigRSNN", dtype=torch.float32)
    decoder, _ = read_stork(write_stork_file(tmp_path / "big.pth", state))
    arrays = simulate(state, "bigRSNN", random_input(40))
    report = check(decoder, path, arrays)
    assert report.passed
    assert [run.precision for run in report.runs] == ["float32", "float32"]
    swapped = arrays | {"heads": arrays["heads"][[1, 0, 2, 3, 4]]}  # the mean stays the same
    report = check(decoder, path, swapped)
    assert not report.passed
    assert all(run.readout_difference < 1e-6 < run.heads_difference for run in report.runs)


def add_to(name: str, amount: float, dtype: type = np.float64) -> Callable[[Arrays], Arrays]:
    def changed(arrays: Arrays) -> Arrays:
        values = arrays[name].astype(dtype)
        values[100, 1] += amount
        return arrays | {name: values}

    return changed


def nudge_half(arrays: Arrays) -> Arrays:
    """One readout value becomes the next half-precision number."""
    values = arrays["readout_half"].astype(np.float16)
    values[100, 1] = np.nextafter(values[100, 1], np.float16(1))
    return arrays | {"readout_half": values.astype(np.float32)}


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        (add_to("readout", 5e-7), set()),
        (add_to("readout", 3e-6), {"float32"}),
        (add_to("readout", np.nan), {"float32"}),
        (add_to("spikes", 1), {"float32"}),
        (add_to("spikes_half", 1), {"float16"}),
        (nudge_half, {"float16"}),
        (add_to("readout_half", np.nan), {"float16"}),
    ],
)
def test_differences(
    tiny: tuple[RecurrentDecoder, Arrays],
    path: Path,
    change: Callable[[Arrays], Arrays],
    failing: set[str],
) -> None:
    decoder, arrays = tiny
    report = check(decoder, path, change(arrays))
    assert {run.precision for run in report.runs if not run.passed} == failing
    assert report.passed == (not failing)
    json.dumps(report.to_json(), allow_nan=False)


def test_json(tiny: tuple[RecurrentDecoder, Arrays], path: Path) -> None:
    decoder, arrays = tiny
    values = check(decoder, path, add_to("readout", np.nan)(arrays)).to_json()
    assert values["passed"] is False
    assert values["steps"] == 200
    run = values["runs"][0]
    assert run["kernel"] == "reference"
    assert run["readout_difference"] is None
    assert run["passed"] is False


WRONG: dict[str, tuple[Callable[[Arrays], Arrays], str]] = {
    "no input": (lambda a: {"spikes": a["spikes"]}, "no array 'input'"),
    "no readout": (lambda a: {k: v for k, v in a.items() if k != "readout"}, "'readout'"),
    "half spikes alone": (
        lambda a: {k: v for k, v in a.items() if k != "readout_half"},
        "no array 'readout_half'",
    ),
    "channels": (lambda a: a | {"input": np.zeros((200, 192))}, r"\(200, 192\) .* \(steps, 96\)"),
    "no steps": (lambda a: a | {"input": np.zeros((0, 96))}, r"\(0, 96\)"),
    "neurons": (lambda a: a | {"spikes": np.zeros((200, 1024))}, "'spikes' .* of shape"),
    "steps": (lambda a: a | {"readout": a["readout"][1:]}, "'readout' .* of shape"),
    "text": (lambda a: a | {"input": np.full((200, 96), "1")}, "'input' .* of shape"),
    "heads": (lambda a: a | {"heads": np.zeros((5, 200, 2))}, "'heads' .* of shape"),
    "graded": (lambda a: a | {"input": a["input"] * 2}, "not 0 and 1 only"),
    "objects": (lambda a: a | {"input": np.array([{}])}, "not a readable .npz file"),
}


@pytest.mark.parametrize(("spoil", "fault"), WRONG.values(), ids=WRONG)
def test_wrong_traces(
    tiny: tuple[RecurrentDecoder, Arrays],
    path: Path,
    spoil: Callable[[Arrays], Arrays],
    fault: str,
) -> None:
    decoder, arrays = tiny
    with pytest.raises(ConversionError, match=fault) as caught:
        check(decoder, path, spoil(arrays))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"\x93NUMPY"])
def test_files_that_are_none(
    tiny: tuple[RecurrentDecoder, Arrays], path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    with pytest.raises(ConversionError, match="not a readable"):
        check_parity(tiny[0], path)


def test_a_single_array_is_no_trace(tiny: tuple[RecurrentDecoder, Arrays], tmp_path: Path) -> None:
    np.save(tmp_path / "trace.npy", np.zeros((200, 96)))
    with pytest.raises(ConversionError, match="not a readable"):
        check_parity(tiny[0], tmp_path / "trace.npy")


def test_missing_file(tiny: tuple[RecurrentDecoder, Arrays], path: Path) -> None:
    with pytest.raises(ConversionError, match="There is no trace"):
        check_parity(tiny[0], path)


def test_real_traces(shared: Path) -> None:
    traces = sorted((shared / "traces").glob("*.npz"))
    assert len(traces) == 13
    for trace in traces:
        folder, _, number = trace.stem.rpartition("-")
        name = f"{folder}/tinyRSNN-{number}" if number.isdigit() else trace.stem
        decoder, _ = read_stork(shared / "stork_checkpoints" / f"{name}.pth")
        report = check_parity(decoder, trace)
        assert report.passed, report
        assert len(report.runs) == (4 if number.isdigit() else 2)
