"""Packages that were tampered with: each is refused, with the fault named.

``UNSEALED`` changes leave the manifest as it was; ``SEALED`` ones write a new one, as a careful
forger would, so that what is refused is the change itself.
"""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbsuite.submissions.package.validation import validate_package
from tests.submissions.packages import (
    FIRST,
    PROVENANCE,
    RESULTS,
    SECOND,
    SUMMARY,
    Files,
    read,
    refusal,
    write,
)

Change = Callable[[Files], object]


@pytest.fixture(autouse=True)
def _unpacked(tmp_path: Path) -> None:
    (tmp_path / "unpacked").mkdir()


@pytest.fixture
def files(package: Path) -> Files:
    return read(package)


def edit(name: str, change: Callable[[Any], object]) -> Change:
    """A change of a JSON file's content."""

    def apply(files: Files) -> None:
        content = json.loads(files[name])
        change(content)
        files[name] = json.dumps(content).encode()

    return apply


def replace(name: str, old: str, new: str) -> Change:
    """A change of a text."""

    def apply(files: Files) -> None:
        assert old.encode() in files[name]
        files[name] = files[name].replace(old.encode(), new.encode(), 1)

    return apply


def both(change: Callable[[Any], object], run: Callable[[Any], object]) -> Change:
    """The same change to results and to the provenance of seed 1."""

    def apply(files: Files) -> None:
        edit(RESULTS, change)(files)
        edit(PROVENANCE, lambda content: run(content["runs"][0]))(files)

    return apply


def flip_a_bit(files: Files) -> None:
    content = bytearray(files[FIRST])
    content[-1] ^= 1
    files[FIRST] = bytes(content)


def rename(old: str, new: str) -> Change:
    return lambda files: files.__setitem__(new, files.pop(old))


def swap(files: Files) -> None:
    files[FIRST], files[SECOND] = files[SECOND], files[FIRST]


def test_an_untouched_copy_is_valid(files: Files, tmp_path: Path) -> None:
    copy = write(tmp_path / "team.zip", files)
    validate_package(copy, tmp_path / "unpacked", allow_twins=True)


def test_packages_from_before_tasks_had_names_are_valid(files: Files, tmp_path: Path) -> None:
    assert json.loads(files["manifest.json"])["task"] == "primate-reaching/1"
    assert json.loads(files[PROVENANCE])["task"] == "primate-reaching/1"
    for name in files:
        if name == "manifest.json" or name.endswith(".provenance.json"):
            edit(name, lambda content: content.pop("task"))(files)
        if name.endswith(".provenance.json"):
            edit(name, lambda content: [run.pop("task") for run in content["runs"]])(files)
    copy = write(tmp_path / "team.zip", files)
    validate_package(copy, tmp_path / "unpacked", allow_twins=True)


UNSEALED: dict[str, tuple[Change, str]] = {
    "one bit flipped": (flip_a_bit, f"{FIRST} was changed"),
    "a file added": (
        lambda files: files.__setitem__("results/results_extra.json", b"{}"),
        "results/results_extra.json is not listed in manifest.json",
    ),
    "a file removed": (lambda files: files.pop(SECOND), f"'{SECOND}' is listed in manifest.json"),
    "a file renamed": (
        rename(FIRST, FIRST.replace("seed1", "seed7")),
        "seed7.safetensors is not listed in manifest.json",
    ),
    "a value changed": (edit(RESULTS, lambda c: c["r2"].__setitem__(0, 0.9)), "was changed"),
    "no manifest": (lambda files: files.pop("manifest.json"), "manifest.json is missing"),
    "manifest of another format": (
        edit("manifest.json", lambda content: content.update(format=2)),
        "it has format 2",
    ),
    "manifest of another task": (
        edit("manifest.json", lambda content: content.update(task="my reaches/1")),
        "it is of the task 'my reaches/1'",
    ),
    "manifest that names a path outside": (
        edit(
            "manifest.json",
            lambda content: content["files"].update({"../x": {"sha256": "0" * 64, "bytes": 1}}),
        ),
        "'../x' is listed in manifest.json, but missing",
    ),
}


@pytest.mark.parametrize("fault", UNSEALED)
def test_changes_that_the_manifest_shows(files: Files, tmp_path: Path, fault: str) -> None:
    change, message = UNSEALED[fault]
    change(files)
    assert message in refusal(write(tmp_path / "team.zip", files, seal=False), tmp_path)


SEALED: dict[str, tuple[Change, str]] = {
    "results of another task": (
        edit(PROVENANCE, lambda content: content["runs"][1].update(task="my reaches/1")),
        f"{PROVENANCE} is of the task 'my reaches/1'",
    ),
    "results without provenance's consent": (
        edit(RESULTS, lambda content: content["r2"].__setitem__(0, 0.9)),
        "seed 1 on I1 has r2 = 0.9 in the results, which is not what their provenance says",
    ),
    "footprint of other weights": (
        both(
            lambda content: content["footprint"].__setitem__(0, 20000),
            lambda run: run["metrics"].update(footprint=20000),
        ),
        "results_summary",
    ),
    "operations of no number of spikes": (
        both(
            lambda content: content["acs"].__setitem__(0, 17.0001),
            lambda run: run["metrics"].update(acs=17.0001),
        ),
        "seed 1 on I1 has acs = 17.0001",
    ),
    "other recordings trained on than the checkpoint names": (
        edit(
            PROVENANCE,
            lambda content: content["runs"][0]["checkpoint"].update(
                trained_on={"recordings": [], "complete": True}
            ),
        ),
        "_seed1.safetensors was trained on other recordings than",
    ),
    "recordings trained on without names": (
        edit(
            PROVENANCE,
            lambda content: content["runs"][0]["checkpoint"].update(
                trained_on={"recordings": [{"file": "a\n"}], "complete": True}
            ),
        ),
        "is a required property",
    ),
    "NaN": (replace(RESULTS, "[", "[NaN, "), "the number NaN is not finite"),
    "infinity by overflow": (replace(RESULTS, "[", "[1e999, "), "1e999 is not finite"),
    "oversized number": (replace(RESULTS, "[", "[1e300, "), "1e+300 is greater than the maximum"),
    "endless digits": (replace(RESULTS, "[", f"[{'9' * 5000}, "), "has 5,000 characters"),
    "a repeated key": (replace(RESULTS, "{", '{"r2": [1.0], '), "a key is there twice"),
    "deep nesting": (
        lambda files: files.__setitem__("recipes.json", b'{"a":' * 50 + b"1" + b"}" * 50),
        "recipes.json is nested more than 16 levels deep",
    ),
    "bottomless nesting": (
        lambda files: files.__setitem__(RESULTS, b"[" * 200_000),
        f"{RESULTS} is nested more than 16 levels deep",
    ),
    "a seed less": (
        edit(RESULTS, lambda content: content["r2"].pop()),
        "1 values of r2 for 2 seeds",
    ),
    "a metric less": (edit(RESULTS, lambda content: content.pop("acs")), "'acs' is a required"),
    "an impossible value": (
        edit(RESULTS, lambda content: content["r2"].__setitem__(0, 1.5)),
        "1.5 is greater than the maximum of 1",
    ),
    "seeds in disorder": (
        edit(PROVENANCE, lambda content: content["runs"].reverse()),
        "does not list its seeds in order",
    ),
    "a session less": (
        lambda files: [files.pop(name) for name in list(files) if "loco_20170301_05" in name],
        "it has no results on L3",
    ),
    "a wrong session": (
        edit(
            PROVENANCE,
            lambda content: [
                run["data"].update(session="indy_20160630_01") for run in content["runs"]
            ],
        ),
        "which is not what its name says",
    ),
    "faults without number": (
        edit(PROVENANCE, lambda content: content.update(runs=[{}] * 100_000)),
        "is not in the format due: at runs, [{}, {}",
    ),
    "a twin of another session": (
        edit(
            PROVENANCE,
            lambda content: [
                run["data"]["twin"].update(session="indy_20160630_01") for run in content["runs"]
            ],
        ),
        "which is not what its name says",
    ),
    "a session of another task": (
        edit(
            PROVENANCE,
            lambda content: (
                [run["data"].update(session="indy_20990101_01")]
                if (run := content["runs"][0])
                else None
            ),
        ),
        "'indy_20990101_01', no challenge session",
    ),
    "a twin called real": (
        edit(PROVENANCE, lambda content: content.update(twin=False)),
        "is the provenance of other results",
    ),
    "a checkpoint of another session": (
        lambda files: (
            files.__setitem__(FIRST, files[FIRST.replace("20160622", "20160630")])
            if FIRST.replace("20160622", "20160630") in files
            else None
        ),
        f"{FIRST} is not the checkpoint that {PROVENANCE} names",
    ),
    "swapped checkpoints": (swap, f"{FIRST} is not the checkpoint that {PROVENANCE} names"),
    "a checkpoint less": (lambda files: files.pop(FIRST), f"{FIRST} is missing"),
    "a checkpoint more": (
        lambda files: files.__setitem__(FIRST.replace("seed1", "seed9"), files[FIRST]),
        "seed9.safetensors belongs to no results",
    ),
    "weights that are a pickle": (
        lambda files: files.__setitem__(FIRST, pickle.dumps({"weights": [1.0]}, protocol=4)),
        f"{FIRST} is a pickle or a PyTorch file",
    ),
    "weights that are a zip": (
        lambda files: files.__setitem__(FIRST, b"PK\x03\x04" + bytes(100)),
        f"{FIRST} is a pickle or a PyTorch file",
    ),
    "a huge header": (
        lambda files: files.__setitem__(FIRST, struct.pack("<Q", 1 << 40) + bytes(100)),
        f"{FIRST} is empty, truncated or not a safetensors file",
    ),
    "a header of deep JSON": (
        lambda files: files.__setitem__(
            FIRST, struct.pack("<Q", 100_000) + b'{"a":' * 20_000 + b" " * 10
        ),
        f"{FIRST} is nested more than 16 levels deep",
    ),
    "weights cut short": (
        lambda files: files.__setitem__(FIRST, files[FIRST][:-10]),
        f"{FIRST} is damaged or cut short",
    ),
    "weights that are not finite": (
        lambda files: files.__setitem__(FIRST, files[FIRST][:-2] + b"\x00\x7c"),
        "is not finite",
    ),
    "another recipe": (
        edit("recipes.json", lambda content: content[FIRST]["recipe"].update(epochs=4)),
        f"recipes.json does not give the recipe that {FIRST} names",
    ),
    "a recipe in the provenance": (
        edit(PROVENANCE, lambda content: content["runs"][1]["checkpoint"].update(recipe=None)),
        f"{PROVENANCE} gives another recipe than {SECOND} does",
    ),
    "a recipe of nothing": (
        edit("recipes.json", lambda content: content.update(more={})),
        "recipes.json gives a recipe of 'more'",
    ),
    "another summary": (
        edit(SUMMARY, lambda content: content["average"].update(r2=0.99)),
        f"{SUMMARY} gives 0.99 as r2 of average",
    ),
    "an option for pip": (
        lambda files: files.__setitem__("requirements.txt", b"--index-url http://example.org\n"),
        "requirements.txt holds '--index-url",
    ),
    "a package that is not needed": (
        lambda files: files.__setitem__(
            "requirements.txt", files["requirements.txt"] + b"Evil.Package==1.0\n"
        ),
        "requirements.txt names Evil.Package, which evaluate.py does not need",
    ),
    "another name for a package of CUDA": (
        replace("requirements.txt", "numba==", "nvidia-evil-cu12==1.0\nnumba=="),
        "requirements.txt names nvidia-evil-cu12, which",
    ),
    "a package twice": (
        replace("requirements.txt", "numpy==", "Num-Py==1\nnumpy==0\nnumpy=="),
        "requirements.txt names Num-Py, which",
    ),
    "a package in two versions": (
        replace("requirements.txt", "numpy==", "Numpy==0\nnumpy=="),
        "requirements.txt names numpy twice",
    ),
    "an encoding for pip": (
        lambda files: files.__setitem__(
            "requirements.txt", b"# -*- coding: utf-7 -*-\n# +AAo-evil==1.0\n"
        ),
        "requirements.txt holds '# -*- coding",
    ),
    "the same weights for two seeds": (
        edit(
            PROVENANCE,
            lambda content: content["runs"][1]["checkpoint"].update(
                weights_sha256=content["runs"][0]["checkpoint"]["weights_sha256"]
            ),
        ),
        "Two checkpoints for I1, of seed 1 and seed 2, hold the same weights",
    ),
    "seven sessions": (
        lambda files: files.__setitem__(
            PROVENANCE.replace("20160622", "20160623"), files[PROVENANCE]
        ),
        "results/ holds 7 files of provenance, where there are 6 sessions",
    ),
    "a long dotted key": (
        lambda files: files.__setitem__(
            "submission.toml", files["submission.toml"] + b".".join([b"a"] * 200_000) + b" = 1\n"
        ),
        "submission.toml is larger than 262,144 bytes",
    ),
    "a dotted key": (
        lambda files: files.__setitem__(
            "submission.toml", files["submission.toml"] + b".".join([b"a"] * 80_000) + b" = 1\n"
        ),
        "submission.toml has a line with more than 500 dots",
    ),
    "a path for a model": (
        replace("submission.toml", '"tinyRSNN"', '"../../tinyRSNN"'),
        "submission.toml has an impossible 'model': '../../tinyRSNN' is no name",
    ),
    "a seed that is no integer": (
        edit(PROVENANCE, lambda content: content["runs"][0]["checkpoint"].update(seed=1.0)),
        "at runs.0.checkpoint.seed, 1.0 is not of type 'integer'",
    ),
    "a list for a file's name": (
        edit(PROVENANCE, lambda content: content["runs"][0]["checkpoint"].update(file=[])),
        "at runs.0.checkpoint.file, [] is not",
    ),
    "a digest that ends with a line": (
        edit(
            PROVENANCE,
            lambda content: content["runs"][0]["data"].update(sha256="0" * 64 + "\n"),
        ),
        "is too long",
    ),
    "numbers that overflow": (
        both(
            lambda content: content["acs"].__setitem__(0, 1.7e308),
            lambda run: run["metrics"].update(acs=1.7e308),
        ),
        "1.7e+308 is greater than the maximum",
    ),
    "runs of another model": (
        edit(
            PROVENANCE, lambda content: content["runs"][1]["checkpoint"]["model"].update(name="x")
        ),
        f"{PROVENANCE} has runs of another model than tinyRSNN",
    ),
    "an unknown value": (replace("submission.toml", "contact", "kontact"), "did you mean contact?"),
    "a postprocessor": (
        edit(
            PROVENANCE,
            lambda content: content["runs"][0].__setitem__("processing", {"postprocessors": []}),
        ),
        "is of a decoder with processors around it",
    ),
    "another model": (replace("submission.toml", '"tinyRSNN"', '"bigRSNN"'), "about bigRSNN"),
    "control characters": (
        replace("submission.toml", "The Decoders", "The \\u001b[31mDecoders"),
        "control characters in 'team'",
    ),
    "text that is no text": (
        lambda files: files.__setitem__("submission.toml", b"\xff\xfe"),
        "submission.toml is not UTF-8 text",
    ),
}


@pytest.mark.parametrize("fault", SEALED)
def test_changes_under_a_new_manifest(files: Files, tmp_path: Path, fault: str) -> None:
    change, message = SEALED[fault]
    change(files)
    assert message in refusal(write(tmp_path / "team.zip", files), tmp_path)


def test_a_footprint_that_everything_but_the_weights_agrees_with(
    files: Files, tmp_path: Path
) -> None:
    both(
        lambda content: content["footprint"].__setitem__(0, 20000),
        lambda run: run["metrics"].update(footprint=20000),
    )(files)
    means = json.loads(files[SUMMARY])
    means[next(iter(means))]["footprint"] -= 500
    means["average"]["footprint"] -= 500 / 6
    files[SUMMARY] = json.dumps(means).encode()
    message = refusal(write(tmp_path / "team.zip", files), tmp_path)
    assert "seed 1 on I1 has footprint = 20000, where its checkpoint has 21000" in message


def test_seeds_that_differ_between_sessions(files: Files, tmp_path: Path) -> None:
    def drop(content: Any) -> None:
        for values in content.values():
            values.pop()

    edit(RESULTS, drop)(files)
    edit(PROVENANCE, lambda content: content["runs"].pop())(files)
    del files[SECOND]
    message = refusal(write(tmp_path / "team.zip", files), tmp_path)
    assert "I2 has the seeds 1, 2, where I1 has 1" in message


def test_texts_of_others_are_remarked_on(files: Files, tmp_path: Path) -> None:
    files["evaluate.py"] += b"import os\n"
    files["README.md"] = b"R2 = 0.99\n"
    copy = write(tmp_path / "team.zip", files)
    validation = validate_package(copy, tmp_path / "unpacked", allow_twins=True)
    assert not validation.own_script
    assert [remark.split()[0] for remark in validation.remarks] == [
        "The",
        "evaluate.py",
        "README.md",
    ]
