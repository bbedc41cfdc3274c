"""Packing: what goes in, the same bytes every time, and what is refused before."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nbsuite.errors import PackageError
from nbsuite.models.checkpoint import load_checkpoint, save_checkpoint
from nbsuite.models.training_data import TrainingData
from nbsuite.submissions.package.build import pack
from nbsuite.submissions.package.validation import validate_package


def test_a_packed_submission_validates(package: Path, tmp_path: Path) -> None:
    validation = validate_package(package, tmp_path, allow_twins=True)
    contents = validation.contents
    assert [each.session.label for each in contents.sessions] == [
        "I1",
        "I2",
        "I3",
        "L1",
        "L2",
        "L3",
    ]
    assert contents.seeds == (1, 2)
    assert contents.submission.team == "The Decoders"
    assert validation.own_script
    assert validation.remarks == ("The results are on TWINS: this is no submission.",)


def test_the_package_holds_what_is_needed_to_reproduce_it(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        texts = {name: archive.read(name).decode() for name in names if "checkpoints" not in name}
    assert names == sorted(names)
    assert len(names) == 6 + 13 + 12
    assert "checkpoints/tinyRSNN_loco_20170301_05_seed2.safetensors" in names
    assert json.loads(texts["recipes.json"])[
        "checkpoints/tinyRSNN_indy_20160622_01_seed1.safetensors"
    ] == {"recipe": {"epochs": 3}, "source": None}
    assert "session TWINS: synthetic data, no submission" in texts["README.md"]
    assert "| L3 | " in texts["README.md"]
    for name in ("torch", "snntorch", "neurobench", "h5py", "scipy", "numpy"):
        assert f"\n{name}==" in texts["requirements.txt"]


def test_two_packs_are_the_same_bytes(
    package: Path, measured: Path, submission_toml: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.zip"
    sources = [measured / "runs", measured / "results"]
    pack(sources, submission_toml, again, allow_twins=True)
    assert again.read_bytes() == package.read_bytes()


def test_twins_are_no_submission(
    package: Path, measured: Path, submission_toml: Path, tmp_path: Path
) -> None:
    with pytest.raises(PackageError, match="twins, which never count as a submission"):
        pack([measured], submission_toml, tmp_path / "team.zip")
    with pytest.raises(PackageError, match="twins, which never count as a submission"):
        validate_package(package, tmp_path / "unpacked")


def test_an_existing_package_is_kept(measured: Path, submission_toml: Path, tmp_path: Path) -> None:
    path = tmp_path / "team.zip"
    path.write_bytes(b"precious")
    with pytest.raises(PackageError, match="exists already and is kept"):
        pack([measured], submission_toml, path, allow_twins=True)
    assert path.read_bytes() == b"precious"
    pack([measured], submission_toml, path, allow_twins=True, force=True)
    assert zipfile.is_zipfile(path)


def test_some_sessions_only_when_asked_for(
    measured: Path, submission_toml: Path, tmp_path: Path
) -> None:
    results = sorted((measured / "results").glob("results_tinyRSNN_indy_*.json"))
    sources = [measured / "runs", *results]
    with pytest.raises(PackageError, match="no results on L1, L2, L3"):
        pack(sources, submission_toml, tmp_path / "team.zip", allow_twins=True)
    validation = pack(
        sources, submission_toml, tmp_path / "team.zip", allow_twins=True, partial=True
    )
    assert len(validation.contents.sessions) == 3


def test_the_summary_is_made_anew(package: Path, measured: Path) -> None:
    assert not list((measured / "results").glob("results_summary*"))
    with zipfile.ZipFile(package) as archive:
        summary = json.loads(archive.read("results/results_summary_tinyRSNN-twin.json"))
    assert len(summary) == 7
    assert summary["average"]["footprint"] == (21000 + 33288) / 2


def copy_results(source: Path, name: str, target: Path, **changes: str) -> None:
    """Copy a results file and its provenance, in which the runs' checkpoint is another."""
    target.mkdir()
    shutil.copy(source / name, target)
    beside = f"{name.removesuffix('.json')}.provenance.json"
    content: Any = json.loads((source / beside).read_text())
    for run in content["runs"]:
        run["checkpoint"].update(changes)
    (target / beside).write_text(json.dumps(content))


def test_results_that_add_nothing_are_passed_over(
    measured: Path, submission_toml: Path, tmp_path: Path
) -> None:
    for path in (measured / "results").glob("*20160622*seed1*[0-9].json"):
        copy_results(measured / "results", path.name, tmp_path / "again")
    packages = [tmp_path / "a.zip", tmp_path / "b.zip"]
    for package, more in zip(packages, ([], [tmp_path / "again"]), strict=True):
        places = [measured / "results", *more, measured / "runs"]
        pack(places, submission_toml, package, allow_twins=True, partial=True)
    assert packages[0].read_bytes() == packages[1].read_bytes()


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (["nothing"], "There is nothing at"),
        (["runs"], "there are no results of tinyRSNN"),
        (["results"], "name its folder too"),
        (["results", "others", "runs"], "are results of the same name, but not of the same runs"),
        (["bare", "runs"], "has no provenance beside it"),
    ],
)
def test_sources_that_do_not_make_a_package(
    measured: Path, submission_toml: Path, tmp_path: Path, sources: list[str], message: str
) -> None:
    [name] = [path.name for path in (measured / "results").glob("*20160622*seed1*[0-9].json")]
    (tmp_path / "bare").mkdir()
    shutil.copy(measured / "results" / name, tmp_path / "bare")
    copy_results(measured / "results", name, tmp_path / "others", weights_sha256="0" * 64)
    places = [
        tmp_path / each if (tmp_path / each).exists() else measured / each for each in sources
    ]
    output = tmp_path / "team.zip"
    with pytest.raises(PackageError, match=message):
        pack(places, submission_toml, output, allow_twins=True, partial=True)
    assert not output.exists()


FOREIGN = {
    "results_tinyRSNN_indy_20990101_01.json": b"{}",  # another recording
    "results_tinyRSNN_v2_indy_20160622_01.json": b"not even JSON",  # another model
    "results_tinyRSNN_mine.json": b"\xff",
    "results_tinyRSNN_indy_20160622_01 (copy).json": b"[]",
    "results_tinyRSNN_indy_20160622_01-old.json": b"[]",
    "results_tinyRSNN_\x1b[31m.json": b"[]",
}


def test_foreign_results_are_passed_over_by_name(
    package: Path, measured: Path, submission_toml: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    shutil.copytree(measured / "results", folder)
    for name, content in FOREIGN.items():
        (folder / name).write_bytes(content)
    output = tmp_path / "team.zip"
    validation = pack([folder, measured / "runs"], submission_toml, output, allow_twins=True)
    [remark] = [each for each in validation.remarks if each.startswith("Passed over")]
    assert remark.isprintable()
    assert "results_tinyRSNN_indy_20990101_01.json, " in remark
    assert "and 1 more: no results of tinyRSNN on sessions of the challenge." in remark
    assert output.read_bytes() == package.read_bytes()


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"runs": []}', b"[" * 100_000, None])
@pytest.mark.parametrize("which", ["results", "provenance"])
def test_broken_results_of_the_model_are_refused_by_name(
    measured: Path, submission_toml: Path, tmp_path: Path, which: str, content: bytes | None
) -> None:
    folder = tmp_path / "results"
    shutil.copytree(measured / "results", folder)
    [path] = folder.glob("*20160622*seed1*[0-9].json")
    broken = path if which == "results" else path.with_name(f"{path.stem}.provenance.json")
    if content is None:  # sparse, and far too large
        with broken.open("r+b") as stream:
            stream.truncate(1 << 33)
    else:
        broken.write_bytes(content)
    output = tmp_path / "team.zip"
    with pytest.raises(PackageError, match=re.escape(str(broken))):
        pack([folder, measured / "runs"], submission_toml, output, allow_twins=True)
    assert not output.exists()


def test_broken_results_on_twins_do_not_hinder_those_on_recordings(
    measured: Path, submission_toml: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    shutil.copytree(measured / "results", folder)
    for path in folder.iterdir():
        path.write_bytes(b"broken")
    (folder / "results_tinyRSNN_indy_20160622_01.json").write_text("{}")
    with pytest.raises(PackageError, match=r"indy_20160622_01\.json has no provenance beside it"):
        pack([folder, measured / "runs"], submission_toml, tmp_path / "a.zip", partial=True)


def test_one_set_of_weights_is_not_several_seeds(
    measured: Path, submission_toml: Path, tmp_path: Path
) -> None:
    shutil.copytree(measured / "results", tmp_path / "results")
    shutil.copytree(measured / "runs", tmp_path / "runs")
    loaded = load_checkpoint(tmp_path / "runs" / "I1" / "seed1.safetensors")
    header = replace(loaded.header, seed=2)
    save_checkpoint(tmp_path / "runs" / "I1" / "seed2.safetensors", loaded.decoder, header)
    for path in (tmp_path / "results").glob("*20160622*"):
        content: Any = json.loads(path.read_text())
        if "runs" in content:
            first, second = content["runs"]
            second["checkpoint"]["weights_sha256"] = loaded.digest
            second["metrics"] = first["metrics"]
        else:
            content = {metric: [values[0]] * 2 for metric, values in content.items()}
        path.write_text(json.dumps(content))
    with pytest.raises(PackageError, match="for I1, of seed 1 and seed 2, hold the same weights"):
        pack([tmp_path], submission_toml, tmp_path / "a.zip", allow_twins=True)
    assert not (tmp_path / "a.zip").exists()


def test_names_with_spaces_are_packed_so_that_they_validate(
    measured: Path, submission_toml: Path, tmp_path: Path
) -> None:
    name = "my own RSNN"
    (tmp_path / "results").mkdir()
    for path in sorted((measured / "results").glob("*20160622*")):
        content: Any = json.loads(path.read_text())
        for run in content.get("runs", ()):
            seed = run["checkpoint"]["seed"]
            loaded = load_checkpoint(measured / "runs" / "I1" / f"seed{seed}.safetensors")
            header = replace(loaded.header, spec=replace(loaded.header.spec, name=name))
            save_checkpoint(tmp_path / f"{seed}.safetensors", loaded.decoder, header)
            run["checkpoint"]["model"]["name"] = name
            content["results"] = content["results"].replace("tinyRSNN", name)
        (tmp_path / "results" / path.name.replace("tinyRSNN", name)).write_text(json.dumps(content))
    described = tmp_path / "submission.toml"
    described.write_text(submission_toml.read_text().replace("tinyRSNN", name))
    pack([tmp_path], described, tmp_path / "a.zip", allow_twins=True, partial=True)
    (tmp_path / "unpacked").mkdir()
    validate_package(tmp_path / "a.zip", tmp_path / "unpacked", allow_twins=True, partial=True)


def test_texts_of_strangers_are_only_text_in_the_readme(
    measured: Path, submission_toml: Path, tmp_path: Path
) -> None:
    text = submission_toml.read_text()
    for old, new in (
        ("The Decoders", "A*\\n\\n## Results\\n| a | b |"),
        ("Random weights.", "Two\\nlines, <b>\\n# and\\n\\n| more | of | them |\\n---"),
    ):
        assert old in text
        text = text.replace(old, new)
    described = tmp_path / "submission.toml"
    described.write_text(text)
    output = tmp_path / "a.zip"
    pack([measured], described, output, allow_twins=True)
    with zipfile.ZipFile(output) as archive:
        head, _, _ = archive.read("README.md").decode().partition("- Contact")
    assert head.split("\n") == [
        r"# A\* ## Results \| a \| b \|: tinyRSNN",
        "",
        "Two",
        r"lines, \<b>",
        r"\# and",
        "",
        r"\| more \| of \| them \|",
        r"\---",
        "",
        "- Authors: A. Author",
        "",
    ]


def test_a_checkpoint_without_a_seed_is_not_packed(
    measured: Path, submission_toml: Path, tmp_path: Path
) -> None:
    for path in (measured / "results").glob("*20160622*"):
        content: Any = json.loads(path.read_text())
        if "runs" in content:
            content["runs"][0]["checkpoint"]["seed"] = None
        (tmp_path / path.name).write_text(json.dumps(content))
    with pytest.raises(PackageError, match=r"at runs\.0\.checkpoint\.seed, None is not"):
        pack([tmp_path, measured / "runs"], submission_toml, tmp_path / "a.zip", allow_twins=True)


def test_weights_trained_on_twins_are_remarked_on(
    measured: Path, submission_toml: Path, tmp_path: Path, twin_trained: TrainingData
) -> None:
    for file in (measured / "results").glob("*20160622*"):
        content: Any = json.loads(file.read_text())
        for run in content.get("runs", ()):
            run["checkpoint"]["trained_on"] = twin_trained.to_json()
        (tmp_path / file.name).write_text(json.dumps(content))
    for seed in (1, 2):
        loaded = load_checkpoint(measured / "runs" / "I1" / f"seed{seed}.safetensors")
        header = replace(loaded.header, trained_on=twin_trained)
        save_checkpoint(tmp_path / loaded.path.name, loaded.decoder, header)
    package = tmp_path / "team.zip"
    others = [path for label in ("I2", "L1") for path in (measured / "runs" / label).iterdir()]
    results = [
        path
        for name in ("20160630", "20170210")
        for path in (measured / "results").glob(f"*{name}*")
    ]
    validation = pack(
        [tmp_path, *others, *results], submission_toml, package, allow_twins=True, partial=True
    )
    remark = "The weights for I1 were trained on TWINS, which are synthetic"
    assert [remark in each for each in validation.remarks] == [False, True]
    with zipfile.ZipFile(package) as archive:
        readme = archive.read("README.md").decode()
    assert "- Trained on TWINS, synthetic data: the weights for I1\n" in readme
