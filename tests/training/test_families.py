"""Families of decoders, and networks that differ from their family's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.cli.main import main
from nbsuite.errors import UsageError
from nbsuite.neurons.cells import CELLS
from nbsuite.training.architecture import Architecture
from nbsuite.training.families import FAMILIES, Family, FamilyModel, configure, model_spec
from nbsuite.training.recipe import Recipe, StageRecipe, TrainingRecipe, WindowRecipe
from nbsuite.untrusted.names import fault_of_name

TINY = FAMILIES["tinyRSNN"]
QUICK = Recipe(
    windows=WindowRecipe(steps=25, offset_steps=25),
    training=TrainingRecipe(batch=50),
    finetune=StageRecipe(epochs=1),
)


def _run(*arguments: object) -> str:
    outcome = CliRunner().invoke(main, [str(each) for each in arguments])
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


@pytest.fixture
def micro(monkeypatch: pytest.MonkeyPatch) -> Family:
    """A family of 32 neurons: one entry."""
    family = Family("microRSNN", Architecture(neurons=32), QUICK, ("finetune", "half"), 8e6)
    monkeypatch.setitem(FAMILIES, family.name, family)
    return family


@pytest.mark.usefixtures("micro")
def test_a_new_family_is_one_entry(tiny_recording_path: Path, tmp_path: Path) -> None:
    """It trains, is laid out in a study, and is measured."""
    root = tmp_path / "runs"
    trained = json.loads(
        _run("train", "microrsnn", "-s", tiny_recording_path, "-o", root, "--json", "-q")
    )
    [run] = trained["runs"]
    assert (run["model"], [*run["stages"]]) == ("microRSNN", ["finetune", "half"])
    weights = Path(run["stages"]["half"]["folder"]) / "weights.safetensors"
    measured = json.loads(_run("benchmark", weights, "-s", tiny_recording_path, "--json"))
    assert [each["values"]["dense"] for each in measured["results"]] == [32 * (96 + 32 + 2)]
    study = tmp_path / "study.toml"
    study.write_text(
        f'models = ["microRSNN"]\nsessions = ["{tiny_recording_path.as_posix()}"]\n'
        "[grid]\nmodel.neurons = [16, 32]\nmodel.recurrent = [true, false]\n"
    )
    plan = json.loads(_run("sweep", study, "-o", root, "--dry-run", "--json"))
    assert "microRSNN" in json.dumps(plan)


def test_the_published_specifications_are_what_they_were() -> None:
    assert model_spec("tinyRSNN", 96).to_json() == {
        "name": "tinyRSNN",
        "channels": 96,
        "neurons": 64,
        "hidden": (0.02, 0.01),
        "readouts": ((0.05, 0.01),),
    }
    assert (
        model_spec("bigrsnn", 192).to_json().keys() == model_spec("tinyRSNN", 96).to_json().keys()
    )


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ([], "tinyRSNN"),
        (["model.neurons=64", "training.lr=0.001"], "tinyRSNN"),
        (["model.neurons=128"], "tinyRSNN-128"),
        (["model.layers=2", "model.cell=adaptive"], "tinyRSNN+layers2+adaptive"),
        (["model.recurrent=false", "model.neurons=8"], "tinyRSNN-8+feedforward"),
        (["model.hidden=0.03/0.01"], "tinyRSNN+hidden30x10"),
        (["model.readouts=0.05/0.01, 0.0205/0.005"], "tinyRSNN+readouts50x10+20.5x5"),
    ],
)
def test_names_tell_what_differs(settings: list[str], name: str) -> None:
    model, _ = configure("tinyRSNN", settings)
    assert model.name == model.spec(96, 3, 0.01).name == name
    assert model.spec(96, 3, 0.01).is_possible()


_TIMES = st.floats(1e-4, 10).map(lambda value: float(f"{value:.3g}"))
_PAIRS = st.tuples(_TIMES, _TIMES)
_ARCHITECTURES = st.builds(
    Architecture,
    neurons=st.sampled_from([32, 64, 128]),
    layers=st.integers(1, 3),
    recurrent=st.booleans(),
    cell=st.sampled_from(sorted(CELLS)),
    hidden=_PAIRS,
    readouts=st.lists(_PAIRS, min_size=1, max_size=12).map(tuple),
)


@given(first=_ARCHITECTURES, second=_ARCHITECTURES)
def test_differing_networks_have_differing_names(first: Architecture, second: Architecture) -> None:
    names = [FamilyModel(TINY, each).name for each in (first, second)]
    assert all(fault_of_name(name) is None and len(name) <= 80 for name in names)
    assert (names[0] == names[1]) == (first == second)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model.neurons=0", "model.neurons is 0; it must be at least 1"),
        ("model.neurons=many", "model.neurons is 'many'; it must be a whole number"),
        ("model.layers=101", "model.layers is 101; it must be at least 1 and at most 100"),
        ("model.recurrent=maybe", "it must be true or false"),
        ("model.cell=lief", "it must be one of lif, adaptive"),
        ("model.hidden=0.02", "it must be times in seconds"),
        ("model.hidden=0/0.01", "model.hidden is .* each above 0"),
        ("model.hidden=nan/0.01", "model.hidden is .* each above 0"),
        ("model.readouts=0.02/0.01/3", "it must be times in seconds"),
        ("model.readouts=,", "it must be times in seconds"),
        ("model.neuron=3", "did you mean model.neurons"),
        ("neurons=3", "did you mean model.neurons"),
        ("trainin.lr=3", "did you mean training.lr"),
    ],
)
def test_impossible_networks(setting: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        configure("tinyRSNN", [setting])


def test_results_of_differing_networks_lie_apart(
    tiny_recording_path: Path, tmp_path: Path, micro: Family
) -> None:
    for change in ("model.neurons=16", "model.layers=2"):
        arguments: tuple[Any, ...] = ("--set", change, "--stages", "finetune", "-q")
        _run("train", micro.name, "-s", tiny_recording_path, "-o", tmp_path, *arguments)
    label = tiny_recording_path.stem
    names = ("microRSNN-16", "microRSNN+layers2")
    assert {path.name for path in (tmp_path / "results").glob(f"results_*_{label}.json")} == {
        f"results_{name}_{label}.json" for name in names
    }
    assert {path.name.partition("_")[0] for path in tmp_path.glob("*_seed1")} == set(names)


def test_a_table_of_a_study_sets_the_network(tmp_path: Path) -> None:
    from nbsuite.sweep.study_file import read_study

    study = tmp_path / "study.toml"
    head = 'models = ["tinyRSNN"]\nsessions = ["I1"]\n'
    study.write_text(
        f"{head}[model]\nlayers = 2\nrecurrent = false\nhidden = [0.03, 0.01]\n"
        "readouts = [[0.05, 0.01], [0.02, 0.005]]\n[grid]\n"
        "model.neurons = [16, 32]\n"
    )
    read = read_study(study)
    settings = [(*read.settings, *each.settings) for each in read.variants]
    names = [configure("tinyRSNN", each)[0].name for each in settings]
    rest = "+layers2+feedforward+hidden30x10+readouts50x10+20x5"
    assert names == [f"tinyRSNN-16{rest}", f"tinyRSNN-32{rest}"]
    for text, message in (
        (
            "[model]\nlayers = 2\n[grid]\nmodel.layers = [1, 2]\n",
            r"searches model.layers, which \[model\] sets",
        ),
        ("[model]\nneurons = true\n", "model.neurons = True; it must be"),
        ("[model]\nhidden = [1, 2, 3]\n", "model.hidden is '1/2/3'"),
        ("[model]\nsize = 3\n", "did you mean"),
    ):
        study.write_text(head + text)
        with pytest.raises(UsageError, match=message):
            read_study(study)
