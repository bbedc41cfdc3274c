"""A package's results, measured again: by nbsuite, and by the package's own script without it."""

from __future__ import annotations

import dataclasses
import json
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nbsuite.benchmarking.session import measure_checkpoint
from nbsuite.data.recording import Recording
from nbsuite.data.twins.generate import ensure_twin
from nbsuite.errors import DataError, PackageError
from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from nbsuite.submissions.package import evaluate_script
from nbsuite.submissions.package import verification as package_verification
from nbsuite.submissions.package.validation import Validation, validate_package
from nbsuite.submissions.package.verification import (
    find_recording,
    measure_again,
    run_script,
    select_sessions,
)
from nbsuite.submissions.results.challenge import METRICS
from nbsuite.tasks.known import find_session
from nbsuite.tasks.opening import load_recording
from tests.submissions.packages import FIRST, PROVENANCE, RESULTS, SECOND

WITHOUT_NBSUITE = """
import runpy, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"nbsuite", "safetensors", "jsonschema", "rich"}:
            raise ImportError(f"{name} must not be needed")

sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def unpacked(package: Path, tmp_path: Path) -> Path:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked"


@pytest.fixture
def valid(package: Path, tmp_path: Path) -> Validation:
    (tmp_path / "valid").mkdir()
    return validate_package(package, tmp_path / "valid", allow_twins=True)


def test_the_script_reproduces_the_results_without_nbsuite(unpacked: Path, measured: Path) -> None:
    twins = measured / "data" / "twins"
    command = [sys.executable, "-I", "-c", WITHOUT_NBSUITE, "evaluate.py", "--data", str(twins)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=unpacked)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("as packed") == 6 * 2 * 7
    assert result.stdout.endswith("All numbers are those of the package.\n")


@pytest.fixture
def evaluate(
    unpacked: Path, measured: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Runs the script on the unpacked package, in this process."""

    def run(*arguments: str, data: Path = measured / "data" / "twins") -> None:
        monkeypatch.setattr(sys, "argv", ["evaluate.py", "--data", str(data), *arguments])
        evaluate_script.main()

    monkeypatch.setattr(evaluate_script, "ROOT", unpacked)
    return run


def _change_results(unpacked: Path) -> None:
    path = unpacked / RESULTS
    content = json.loads(path.read_text())
    content["r2"][1] = 0.123
    path.write_text(json.dumps(content))


def _change_weights(unpacked: Path) -> None:
    shutil.copyfile(unpacked / SECOND, unpacked / FIRST)


@pytest.mark.parametrize(
    ("change", "name", "message"),
    [
        (_change_results, RESULTS, "PACKED: 0.123"),
        (_change_weights, FIRST, "PACKED"),
    ],
)
def test_the_script_notices_other_numbers(
    unpacked: Path,
    evaluate: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], None],
    name: str,
    message: str,
) -> None:
    change(unpacked)
    with pytest.raises(SystemExit, match=f"{name} is not as it was packed"):
        evaluate("--session", "indy_20160622_01")
    (unpacked / "manifest.json").write_text('{"files": {}}')
    with pytest.raises(SystemExit, match="Some numbers are not those of the package"):
        evaluate("--session", "indy_20160622_01")
    assert message in capsys.readouterr().out


NO_DIGESTS = b'{"files": {}}'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("manifest.json", b""),
        ("manifest.json", b"[]"),
        ("manifest.json", b"\xff\xfe"),
        ("manifest.json", b"[" * 100_000),
        ("manifest.json", b'{"files": []}'),
        ("manifest.json", b'{"files": {"README.md": {}}}'),
        ("manifest.json", b'{"files": {"../x\\u001b[31m": {"sha256": "0"}}}'),
        ("manifest.json", b'{"files": {"/dev/zero": {"sha256": "0"}}}'),
        ("manifest.json", b'{"files": {"missing": {"sha256": "0"}}}'),
        (PROVENANCE, b""),
        (PROVENANCE, b'{"runs": []}'),
        (PROVENANCE, b'{"runs": [{"data": {"session": "indy_20160622_01"}}]}'),
        (RESULTS, b"[]"),
        (RESULTS, b'{"r2": []}'),
        (RESULTS, b'{"r2": [null, "x"]}'),
        (FIRST, b""),
        (FIRST, b"\x80\x04pickled"),
        (FIRST, struct.pack("<Q", 2**63) + b"{}"),
        (FIRST, struct.pack("<Q", 2) + b"{}"),
    ],
)
def test_the_script_explains_damage(
    unpacked: Path,
    evaluate: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
) -> None:
    (unpacked / "manifest.json").write_bytes(NO_DIGESTS)
    (unpacked / name).write_bytes(content)
    with pytest.raises(SystemExit) as caught:
        evaluate("--session", "indy_20160622_01")
    message = str(caught.value.code)
    assert message.isprintable()
    assert len(message) <= 500
    assert "unpack the package again" in message


def test_the_script_reads_nothing_of_any_size(
    unpacked: Path, evaluate: Callable[..., None]
) -> None:
    (unpacked / "manifest.json").write_bytes(NO_DIGESTS)
    for name in (PROVENANCE, FIRST):
        before = (unpacked / name).read_bytes()
        with (unpacked / name).open("r+b") as stream:
            stream.truncate(1 << 33)
        with pytest.raises(SystemExit, match="there is no plain file of at most"):
            evaluate("--session", "indy_20160622_01")
        (unpacked / name).write_bytes(before)


def test_the_script_makes_no_decoder_of_any_size(
    unpacked: Path, evaluate: Callable[..., None]
) -> None:
    (unpacked / "manifest.json").write_bytes(NO_DIGESTS)
    content = (unpacked / FIRST).read_bytes()
    claim = b'\\"neurons\\": 64'
    assert claim in content
    larger = content.replace(claim, claim + b"0000000")
    length = struct.unpack_from("<Q", larger)[0] + 7
    (unpacked / FIRST).write_bytes(struct.pack("<Q", length) + larger[8:])
    with pytest.raises(SystemExit, match="the tensors are not those of the decoder"):
        evaluate("--session", "indy_20160622_01")


def test_the_script_explains(evaluate: Callable[..., None], tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="name the folder of the recordings with --data"):
        evaluate(data=tmp_path)
    with pytest.raises(SystemExit, match="no results of such a session"):
        evaluate("--session", "indy_20990101_01")


def test_the_script_takes_no_other_real_recording(tmp_path: Path) -> None:
    (tmp_path / "a.mat").write_bytes(b"other")
    run = {"data": {"file": "a.mat", "twin": None, "sha256": "0" * 64}}
    with pytest.raises(SystemExit, match="is not the file that the results were measured on"):
        evaluate_script.find_recording(tmp_path, {"runs": [run]})


@pytest.fixture(scope="module")
def twin(measured: Path) -> Recording:
    path = ensure_twin(find_session("I3"), measured / "data", fraction=0.02)
    return load_recording(path, use_cache=False)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("heads", [1, 5])
def test_the_script_computes_what_nbsuite_computes(
    draw_decoder: Callable[..., Any],
    twin: Recording,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dtype: str,
    heads: int,
) -> None:
    """Bit for bit, in every precision, and however it is cut into chunks."""
    decoder = draw_decoder(neurons=80, heads=heads, seed=heads, dtype=dtype)
    path = tmp_path / "decoder.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec))
    result, run = measure_checkpoint(load_checkpoint(path), twin)
    samples = evaluate_script.TestSamples(twin.path)
    monkeypatch.setattr(evaluate_script, "CHUNK_STEPS", 300)
    script = evaluate_script.load_decoder(path)
    with torch.no_grad():
        velocity = script(samples.spikes)
    assert torch.equal(velocity, run.outputs)
    assert 0.5 < result.values["activation_sparsity"] < 1
    expected = {key: result.values[key] for key in METRICS}
    assert evaluate_script.measure(evaluate_script.load_decoder(path), samples) == expected


def test_nbsuite_measures_what_was_packed(valid: Validation, measured: Path) -> None:
    [each] = select_sessions(valid, [find_session("L2")])
    recording = find_recording(each, measured / "data", lambda _stage, _done: None)
    figures = list(measure_again(valid, each, recording))
    assert len(figures) == 2 * 7
    assert all(figure.agrees for figure in figures)


@pytest.mark.parametrize(
    ("metric", "change", "agrees"),
    [("r2", 0.9e-6, True), ("r2", 1.1e-6, False), ("acs", 1e-9, False), ("dense", 1.0, False)],
)
def test_what_counts_as_the_same(metric: str, change: float, agrees: bool) -> None:
    figure = package_verification.Figure("I1", 1, metric, 0.5, 0.5 + change)
    assert figure.agrees is agrees


def test_a_session_that_is_not_in_the_package(valid: Validation) -> None:
    assert len(select_sessions(valid, [])) == 6
    with pytest.raises(PackageError, match="no results on indy_20160407_02; name one of I1, I2"):
        select_sessions(valid, [find_session("indy_20160407_02")])


def test_a_twin_of_another_generator(valid: Validation, tmp_path: Path) -> None:
    each = valid.contents.sessions[0]
    each.runs[0]["data"]["twin"]["generator"] += 1
    with pytest.raises(PackageError, match="have it packed again"):
        find_recording(each, tmp_path, lambda _stage, _done: None)


def test_a_real_recording_that_is_not_there(valid: Validation, tmp_path: Path) -> None:
    each = dataclasses.replace(valid.contents.sessions[0], twin=False)
    with pytest.raises(DataError, match="is not there: fetch it"):
        find_recording(each, tmp_path, lambda _stage, _done: None)


def test_a_strange_script_is_not_run(valid: Validation, twin: Recording) -> None:
    strange = dataclasses.replace(valid, own_script=False)
    with pytest.raises(PackageError, match="so it is not run"):
        run_script(strange, strange.contents.sessions[:1], [twin])
