"""``nbsuite convert``: what is written where, what is printed, and the exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors import safe_open
from safetensors.torch import save_file

from nbsuite.cli.main import main
from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from nbsuite.models.training_data import TrainingData
from tests.conversions.stork_files import (
    random_input,
    simulate,
    stork_state,
    write_stork_file,
)


def nbsuite(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["convert", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


def as_json(*arguments: object, status: int = 0) -> Any:
    return json.loads(nbsuite(*arguments, "--json", status=status).stdout)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder laid out as the published models, with two seeds of I1 and one of L2."""
    for name, channels in [("indy01/tinyRSNN-1", 96), ("indy01/tinyRSNN-2", 96)]:
        write_stork_file(tmp_path / "models" / f"{name}.pth", stork_state(channels=channels))
    write_stork_file(tmp_path / "models" / "loco02" / "tinyRSNN-1.pth", stork_state(channels=192))
    return tmp_path / "models"


@pytest.fixture
def checkpoint(published: Path) -> Path:
    return published / "indy01" / "tinyRSNN-1.pth"


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    np.savez(tmp_path / "trace.npz", **simulate(stork_state(), "tinyRSNN", random_input(60)))
    return tmp_path / "trace.npz"


# stork


def test_writes_beside_the_input(checkpoint: Path) -> None:
    written = checkpoint.with_suffix(".safetensors")
    result = nbsuite("stork", checkpoint)
    assert result.stdout == (
        f"{checkpoint} -> {written} "
        "(tinyRSNN, 96 channels, float16, session indy_20160622_01, seed 1)\n"
    )
    loaded = load_checkpoint(written)
    assert (loaded.header.session, loaded.header.seed) == ("indy_20160622_01", 1)
    assert loaded.decoder.dtype == torch.float16
    assert (loaded.header.source or {})["file"] == checkpoint.name


def test_several_into_a_folder(published: Path, tmp_path: Path) -> None:
    folder = tmp_path / "converted"
    rows = as_json("stork", *sorted(published.rglob("*.pth")), "-o", folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "tinyRSNN_indy_20160622_01_seed1.safetensors",
        "tinyRSNN_indy_20160622_01_seed2.safetensors",
        "tinyRSNN_loco_20170215_02_seed1.safetensors",
    ]
    assert rows[2] == {
        "source": str(published / "loco02" / "tinyRSNN-1.pth"),
        "output": str(folder / "tinyRSNN_loco_20170215_02_seed1.safetensors"),
        "model": "tinyRSNN",
        "channels": 192,
        "session": "loco_20170215_02",
        "seed": 1,
        "precision": "float16",
        "trained_on_twin": None,
        "parity": None,
    }


def test_one_into_a_file_with_options(tmp_path: Path) -> None:
    source = write_stork_file(tmp_path / "mine.pth", stork_state())
    target = tmp_path / "new" / "decoder.safetensors"
    options = ["--model", "tinyRSNN", "--session", "i3", "--seed", 7]
    nbsuite("stork", source, "-o", target, *options)
    header = load_checkpoint(target).header
    assert (header.session, header.seed) == ("indy_20170131_02", 7)


def test_unknown_session_or_seed_keeps_the_name(tmp_path: Path) -> None:
    source = write_stork_file(tmp_path / "mine.pth", stork_state())
    nbsuite("stork", source, "-o", tmp_path / "folder")
    assert (tmp_path / "folder" / "mine.safetensors").is_file()


def test_two_inputs_never_share_an_output(tmp_path: Path) -> None:
    sources = [write_stork_file(tmp_path / name / "mine.pth", stork_state()) for name in "ab"]
    result = nbsuite("stork", *sources, "-o", tmp_path / "out", status=2)
    assert "would be written for 2 inputs" in result.stderr
    assert not (tmp_path / "out").exists()


def test_two_inputs_and_one_file(published: Path, tmp_path: Path) -> None:
    sources = sorted((published / "indy01").iterdir())
    nbsuite("stork", *sources, "-o", tmp_path / "one.safetensors", status=2)


def test_existing_output_is_kept(checkpoint: Path) -> None:
    target = checkpoint.with_suffix(".safetensors")
    target.write_bytes(b"precious")
    result = nbsuite("stork", checkpoint, status=1)
    assert result.stderr == (
        f"Error: {target} exists already; replace it with --force or choose another with -o.\n"
    )
    assert target.read_bytes() == b"precious"
    nbsuite("stork", checkpoint, "--force")
    assert load_checkpoint(target).header.seed == 1


def test_force_replaces_a_named_file(checkpoint: Path, tmp_path: Path) -> None:
    target = tmp_path / "named.safetensors"
    target.write_bytes(b"old")
    assert "exists already" in nbsuite("stork", checkpoint, "-o", target, status=1).stderr
    nbsuite("stork", checkpoint, "-o", target, "--force")
    assert load_checkpoint(target).header.seed == 1


def test_one_bad_input_and_nothing_is_written(published: Path, tmp_path: Path) -> None:
    bad = published / "zero.pth"
    bad.write_bytes(b"")
    good = published / "indy01" / "tinyRSNN-1.pth"
    result = nbsuite("stork", good, bad, "-o", tmp_path / "out", status=1)
    assert result.stderr == f"Error: {bad} is empty; copy or download it again.\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--model", "bigRSNN"], 1, "is a tinyRSNN, not a bigRSNN"),
        (["--model", "tinyRNN"], 2, "did you mean tinyRSNN?"),
        (["--session", "I4"], 2, "There is no session 'I4'"),
        (["--session", "L1"], 1, "tells the session I1, not L1"),
        (["--seed", "-1"], 2, "-1 is not in the range"),
        (["-o", "decoder.pth"], 2, "give it that suffix"),
        (["--check", "absent.npz"], 1, "There is no trace absent.npz"),
    ],
)
def test_wrong_options(checkpoint: Path, options: list[str], status: int, message: str) -> None:
    assert message in nbsuite("stork", checkpoint, *options, status=status).stderr
    assert not checkpoint.with_suffix(".safetensors").exists()


def test_missing_checkpoint(tmp_path: Path) -> None:
    result = nbsuite("stork", tmp_path / "absent.pth", status=1)
    assert result.stderr == f"Error: There is no file {tmp_path / 'absent.pth'}; check the path.\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_unwritable_folder(checkpoint: Path) -> None:
    checkpoint.parent.chmod(0o500)
    try:
        assert "permission denied" in nbsuite("stork", checkpoint, status=1).stderr
    finally:
        checkpoint.parent.chmod(0o700)


def test_output_below_a_file(checkpoint: Path) -> None:
    result = nbsuite("stork", checkpoint, "-o", checkpoint / "folder", status=1)
    assert result.stderr.startswith("Error: Cannot use")


# --check


def test_check_passes(checkpoint: Path, trace: Path) -> None:
    result = nbsuite("stork", checkpoint, "--check", trace)
    assert "same" in result.stdout
    assert "numba" in result.stdout
    assert "DIFFERENT" not in result.stdout
    assert checkpoint.with_suffix(".safetensors").is_file()


def test_check_as_json(checkpoint: Path, trace: Path) -> None:
    [row] = as_json("stork", checkpoint, "--check", trace)
    assert row["parity"]["passed"] is True
    assert row["parity"]["steps"] == 60
    assert row["parity"]["runs"][0]["spikes_differing"] == 0


def test_check_fails(published: Path, trace: Path) -> None:
    other = write_stork_file(published / "indy01" / "tinyRSNN-3.pth", stork_state(seed=5))
    result = nbsuite("stork", other, "--check", trace, status=1)
    assert "DIFFERENT" in result.stdout
    assert "nothing was written" in result.stderr
    assert not other.with_suffix(".safetensors").exists()
    [row] = as_json("stork", other, "--check", trace, status=1)
    assert row["output"] is None
    assert row["parity"]["passed"] is False


def test_check_takes_one_checkpoint(published: Path, trace: Path) -> None:
    sources = sorted((published / "indy01").iterdir())
    assert "--check" in nbsuite("stork", *sources, "--check", trace, status=2).stderr


def test_real_checkpoint(shared: Path, tmp_path: Path) -> None:
    source = shared / "stork_checkpoints" / "indy01" / "tinyRSNN-1.pth"
    trace = shared / "traces" / "indy01-1.npz"
    [row] = as_json("stork", source, "-o", tmp_path, "--check", trace)
    assert row["parity"]["passed"] is True
    assert Path(row["output"]).name == "tinyRSNN_indy_20160622_01_seed1.safetensors"


# to-stork


def test_to_stork(checkpoint: Path, tmp_path: Path) -> None:
    nbsuite("stork", checkpoint, "-o", tmp_path / "a.safetensors")
    result = nbsuite("to-stork", tmp_path / "a.safetensors")
    assert str(tmp_path / "a.pth") in result.stdout
    back = torch.load(tmp_path / "a.pth", weights_only=True)
    assert list(back) == list(stork_state())
    nbsuite("to-stork", tmp_path / "a.safetensors", status=1)
    row = as_json("to-stork", tmp_path / "a.safetensors", "-o", tmp_path / "b.pth")
    assert row["output"] == str(tmp_path / "b.pth")
    assert (tmp_path / "b.pth").read_bytes() == (tmp_path / "a.pth").read_bytes()


def test_to_stork_of_a_stork_file(checkpoint: Path) -> None:
    assert "convert stork" in nbsuite("to-stork", checkpoint, status=1).stderr
    assert (
        "give it that suffix"
        in nbsuite("to-stork", _converted(checkpoint), "-o", "x.safetensors", status=2).stderr
    )


# stock


def _converted(checkpoint: Path) -> Path:
    nbsuite("stork", checkpoint)
    return checkpoint.with_suffix(".safetensors")


def test_stock(checkpoint: Path, tmp_path: Path) -> None:
    source, folder = _converted(checkpoint), tmp_path / "export"
    row = as_json("stock", source, "-o", folder)
    assert row["output"] == str(folder / "tinyRSNN-1_stock.safetensors")
    assert row["script"] == str(folder / "stock_decoder.py")
    assert row["precision"] == "float32"
    code = "from stock_decoder import StockDecoder as S; S.load('tinyRSNN-1_stock.safetensors')"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


def test_weights_trained_on_a_twin_say_so_when_they_leave(
    tmp_path: Path, draw_decoder: Any, twin_trained: TrainingData
) -> None:
    source = tmp_path / "mine.safetensors"
    decoder = draw_decoder()
    save_checkpoint(source, decoder, CheckpointHeader(decoder.spec, trained_on=twin_trained))
    assert ", trained on a TWIN)" in nbsuite("to-stork", source).stdout
    row = as_json("stock", source)
    assert row["trained_on_twin"] is True
    with safe_open(row["output"], "pt") as file:
        origin = json.loads(file.metadata()["nbsuite_stock"])
    assert TrainingData.from_json(origin["trained_on"]) == twin_trained


def test_dots_in_names_are_kept(tmp_path: Path) -> None:
    source = _converted(write_stork_file(tmp_path / "rate_0.5.pth", stork_state()))
    assert source.name == "rate_0.5.safetensors"
    nbsuite("stock", source)
    assert (tmp_path / "rate_0.5_stock.safetensors").is_file()


def test_stock_beside_the_input_and_again(checkpoint: Path) -> None:
    source = _converted(checkpoint)
    nbsuite("stock", source)
    script = source.with_name("stock_decoder.py")
    assert script.is_file()
    assert "exists already" in nbsuite("stock", source, status=1).stderr
    nbsuite("stock", source, "-o", source.with_name("second.safetensors"))  # the script is the same
    script.write_text("changed by its user")
    third = source.with_name("third.safetensors")
    assert str(script) in nbsuite("stock", source, "-o", third, status=1).stderr
    assert script.read_text() == "changed by its user"
    assert not third.exists()
    nbsuite("stock", source, "-o", third, "--force")
    assert "StockDecoder" in script.read_text()


# The commands themselves


@pytest.mark.parametrize("command", [[], ["stork"], ["to-stork"], ["stock"]])
def test_help(command: list[str]) -> None:
    text = nbsuite(*command, "--help").stdout
    assert text.startswith("Usage:")
    assert "Examples:" in text or not command


def test_help_without_torch() -> None:
    code = (
        "import sys; from nbsuite.cli.main import main\n"
        "try: main(['convert', 'stork', '--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_did_you_mean() -> None:
    assert "did you mean stock or stork" in nbsuite("strok", status=2).stderr


# Strangers' files


def test_a_link_that_leads_nowhere_is_a_file_too(checkpoint: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.safetensors"
    link.symlink_to(tmp_path / "later")
    assert "exists already" in nbsuite("stork", checkpoint, "-o", link, status=1).stderr
    assert link.is_symlink()
    nbsuite("stork", checkpoint, "-o", link, "--force")
    assert load_checkpoint(link).header.seed == 1
    assert not (tmp_path / "later").exists()


def test_one_file_reached_in_two_ways(published: Path, tmp_path: Path) -> None:
    (tmp_path / "there").symlink_to(published)
    ways = [
        published / "indy01" / "tinyRSNN-1.pth",
        tmp_path / "there" / "indy01" / "tinyRSNN-1.pth",
    ]
    assert "would be written for 2 inputs" in nbsuite("stork", *ways, status=2).stderr


def test_names_reach_the_terminal_as_plain_text(checkpoint: Path) -> None:
    """Whoever unpacks an archive and converts `*` has not chosen the names."""
    source = checkpoint.with_name("red\x1b[31m\u202e.pth")
    source.write_bytes(checkpoint.read_bytes())
    printed = nbsuite("stork", source).stdout
    assert "red?[31m?" in printed
    assert not {"\x1b", "\u202e"} & set(printed)


@pytest.mark.parametrize("name", ["x/../../victim", "/victim", "a\nb"])
@pytest.mark.parametrize("field", ["name", "session"])
def test_a_header_names_no_other_place(
    tmp_path: Path, draw_decoder: Any, field: str, name: str
) -> None:
    decoder, path = draw_decoder(dtype="float16"), tmp_path / "a.safetensors"
    header = {"format": 1, "model": decoder.spec.to_json(), "session": None, "seed": 1}
    (header["model"] if field == "name" else header)[field] = name
    save_file(decoder.state_dict(), path, {"nbsuite": json.dumps(header)})
    for target in ("stock", "to-stork"):
        assert "is damaged" in nbsuite(target, path, "-o", tmp_path / "out", status=1).stderr
    assert [each.name for each in tmp_path.iterdir() if each.suffix] == ["a.safetensors"]


def test_seeds_that_no_file_holds(checkpoint: Path, tmp_path: Path) -> None:
    assert "--seed" in nbsuite("stork", checkpoint, "--seed", 2**63, status=2).stderr
    other = checkpoint.with_name(f"tinyRSNN-{10**30}.pth")
    other.write_bytes(checkpoint.read_bytes())
    assert as_json("stork", other)[0]["seed"] is None


def test_a_large_file_in_the_place_of_the_script(tmp_path: Path, checkpoint: Path) -> None:
    nbsuite("stork", checkpoint)
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / "stock_decoder.py").open("wb") as stream:
        stream.truncate(1 << 40)  # takes no room on the disk
    source = checkpoint.with_suffix(".safetensors")
    result = nbsuite("stock", source, "-o", tmp_path / "out", status=1)
    assert "stock_decoder.py exists already" in result.stderr


def test_weights_that_overflow_are_not_converted(tmp_path: Path) -> None:
    state = stork_state()
    trace = simulate(state, "tinyRSNN", random_input(60))
    np.savez(
        tmp_path / "trace.npz",
        **trace,
        spikes_half=trace["spikes"],
        readout_half=trace["readout"],
    )
    state["con1.op.weight"].fill_(60_000)
    path = write_stork_file(tmp_path / "large.pth", state)
    result = nbsuite("stork", path, "--check", tmp_path / "trace.npz", status=1)
    assert result.stderr.count("\n") == 1
    assert f"{path} decodes values that are infinite" in result.stderr
    assert not path.with_suffix(".safetensors").exists()
