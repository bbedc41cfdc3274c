"""The recipe: published values, round trips, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.errors import UsageError
from nbsuite.training.families import find_family
from nbsuite.training.overrides import key_types, override
from nbsuite.training.recipe import (
    LOSS_NAMES,
    AugmentationRecipe,
    DropoutRecipe,
    LossRecipe,
    PruningRecipe,
    Recipe,
    StageRecipe,
    TrainingRecipe,
    WindowRecipe,
)

COUNTS = st.integers(1, 10_000)
EPOCHS = st.integers(1, 1000)
RATES = st.floats(0.0, 1.0, exclude_max=True)
SHARES = st.floats(0.0, 1.0, exclude_min=True, exclude_max=True)
STEPS = st.floats(0.05, 1.0, exclude_max=True)
POSITIVE = st.floats(0.0, 1e30, exclude_min=True)


@st.composite
def recipes(draw) -> Recipe:
    steps = draw(COUNTS)
    start, highest = sorted([draw(SHARES), draw(SHARES)])
    stages = st.builds(StageRecipe, COUNTS)
    return Recipe(
        windows=WindowRecipe(steps, draw(st.integers(1, steps)), draw(SHARES)),
        dropout=draw(st.builds(DropoutRecipe, RATES, RATES)),
        loss=draw(st.builds(LossRecipe, st.sampled_from(LOSS_NAMES), POSITIVE)),
        augmentation=draw(st.builds(AugmentationRecipe, RATES, RATES, st.floats(0, 100))),
        training=draw(st.builds(TrainingRecipe, POSITIVE, POSITIVE, COUNTS, COUNTS)),
        pretrain=draw(stages),
        finetune=draw(stages),
        prune=PruningRecipe(start, draw(STEPS), draw(STEPS), highest, draw(EPOCHS), draw(RATES)),
    )


@given(recipe=recipes())
def test_recipes_survive_json(recipe):
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@given(recipe=recipes())
def test_recipes_survive_the_command_line(recipe):
    settings = [
        f"{section}.{key}={value}"
        for section, values in recipe.to_json().items()
        for key, value in values.items()
    ]
    assert override(Recipe(), settings) == recipe
    assert override(Recipe(), settings[::-1]) == recipe


def test_published_values():
    tiny, big = find_family("tinyRSNN").recipe, find_family("bigrsnn").recipe
    assert tiny == Recipe()
    assert tiny.to_json() == {
        "windows": {"steps": 500, "offset_steps": 100, "validation_share": 0.1},
        "initialisation": {"sigma_u": 0.5, "alpha_mix": 0.9},
        "dropout": {"input": 0.3, "hidden": 0.3},
        "loss": {"name": "rmse", "huber_delta": 1.0},
        "regularisation": {
            "fewest": 0.001,
            "fewest_strength": 100.0,
            "most": 10.0,
            "most_strength": 0.01,
        },
        "augmentation": {"drop": 0.0, "insert": 0.0, "jitter": 0.0},
        "training": {
            "lr": 0.002,
            "eps": 1e-16,
            "batch": 250,
            "schedule_epochs": 200,
            "optimiser": "smorms3",
            "weight_decay": 0.01,
            "momentum": 0.9,
        },
        "pretrain": {"epochs": 100},
        "finetune": {"epochs": 200},
        "prune": {
            "start": 0.4,
            "step": 0.1,
            "fine_step": 0.05,
            "highest": 0.8,
            "epochs": 100,
            "tolerance": 0.02,
            "rule": "published",
        },
    }
    assert big == replace(tiny, regularisation=replace(tiny.regularisation, most_strength=0.0))


@pytest.mark.parametrize(
    ("name", "hint"), [("tinyRSN", "did you mean tinyRSNN?"), ("ridge", "tinyRSNN, bigRSNN")]
)
def test_unknown_families(name, hint):
    with pytest.raises(UsageError, match=name) as caught:
        find_family(name)
    assert hint in str(caught.value)


IMPOSSIBLE = [
    ("windows.steps", 0),
    ("windows.offset_steps", 0),
    ("windows.offset_steps", 501),
    ("windows.validation_share", 0.0),
    ("windows.validation_share", 1.0),
    ("initialisation.sigma_u", 0.0),
    ("initialisation.alpha_mix", 1.5),
    ("dropout.input", 1.0),
    ("dropout.hidden", -0.1),
    ("loss.name", "rmsee"),
    ("loss.huber_delta", 0.0),
    ("regularisation.fewest_strength", -1.0),
    ("regularisation.most", float("inf")),
    ("augmentation.drop", 1.0),
    ("augmentation.jitter", -1.0),
    ("training.lr", 0.0),
    ("training.lr", float("nan")),
    ("training.eps", float("inf")),
    ("training.batch", 0),
    ("training.schedule_epochs", 0),
    ("pretrain.epochs", 0),
    ("finetune.epochs", -3),
    ("prune.epochs", 0),
    ("prune.start", 0.0),
    ("prune.start", 0.81),
    ("prune.highest", 1.0),
    ("training.lr", 1e300),
    ("training.batch", 10**400),
    ("initialisation.sigma_u", 1e200),
    ("finetune.epochs", 10**9),
    ("prune.step", 1e-300),
    ("prune.step", 0.0),
    ("prune.fine_step", 1.0),
    ("prune.tolerance", 1.0),
]


@pytest.mark.parametrize(("key", "value"), IMPOSSIBLE)
def test_impossible_values_are_named_on_every_way_in(key, value):
    section, name = key.split(".")
    recipe = Recipe()
    with pytest.raises(UsageError, match=rf"{key} is .*; it must be .*\.$"):
        replace(recipe, **{section: replace(getattr(recipe, section), **{name: value})})
    with pytest.raises(UsageError, match=key):
        override(recipe, [f"{key}={value}"])
    values = recipe.to_json()
    values[section][name] = value
    with pytest.raises(UsageError, match=key):
        Recipe.from_json(values)


def test_every_section_has_an_impossible_value():
    assert {key.split(".")[0] for key, _ in IMPOSSIBLE} == {each.name for each in fields(Recipe)}


@pytest.mark.parametrize(
    ("section", "content", "message"),
    [
        ("training", {"lr": "0.002"}, "training.lr is '0.002'; it must be a number"),
        ("training", {"batch": 250.0}, "training.batch is 250.0; it must be a whole number"),
        ("training", {"batch": True}, "training.batch is True"),
        ("training", {"lr": True}, "training.lr is True"),
        ("training", {"lr": None}, "training.lr is None"),
        ("training", {"lr": 10**400}, "training.lr is 1000"),
        ("loss", {"name": 3}, "loss.name is 3; it must be a word"),
        ("training", {"rate": 0.1}, "training has the unknown key 'rate'; known are lr, eps"),
        ("training", [1], r"training is \[1\]; it must be an object"),
        ("trainig", {}, "sections has the unknown key 'trainig'; known are windows"),
    ],
)
def test_json_of_another_make_is_refused(section, content, message):
    with pytest.raises(UsageError, match=message):
        Recipe.from_json({**Recipe().to_json(), section: content})


@pytest.mark.parametrize("values", [{"batch": 10**5000}, {"lr": 10**5000}])
def test_a_number_that_python_does_not_show_is_refused(values):
    with pytest.raises(UsageError, match="of too many digits; it must be"):
        Recipe.from_json({"training": values})


@pytest.mark.parametrize("values", [{"batch": True}, {"batch": 2.5}, {"lr": True}, {"lr": "1"}])
def test_a_hyperparameter_of_another_type_is_refused(values):
    with pytest.raises(UsageError, match=r"it must be a (whole )?number\.$"):
        replace(Recipe(), training=replace(TrainingRecipe(), **values))


def test_a_recipe_must_be_an_object():
    with pytest.raises(UsageError, match="must be an object"):
        Recipe.from_json([1])  # type: ignore[arg-type]


def test_json_gaps_are_filled_and_whole_numbers_are_numbers():
    recipe = Recipe.from_json({"training": {"lr": 1}})
    assert recipe == replace(Recipe(), training=TrainingRecipe(lr=1.0))
    assert type(recipe.training.lr) is float


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("training.lr", "'training.lr' sets nothing; write it as key=value, as training.lr="),
        ("faster", "'faster' sets nothing; write it as key=value, as windows.steps="),
        ("lr=0.1", "no 'lr'; did you mean training.lr?"),
        ("epochs=1", "did you mean pretrain.epochs or finetune.epochs or prune.epochs?"),
        ("trainig.lr=0.1", "did you mean training.lr?"),
        ("training.bach=1", "did you mean training.batch"),
        ("training.lr.x=1", "no 'training.lr.x'"),
        ("xyzzy=1", "its sections are windows, initialisation"),
        ("=1", "no ''"),
        ("training.lr=fast", "training.lr is 'fast'; it must be a number"),
        ("training.lr=", "training.lr is ''; it must be a number"),
        ("training.batch=\uff11\uff10", "it must be a whole number"),
        ("training.lr=\u0661", "it must be a number"),
        ("prune.epochs=20000", "prune.epochs is 20000; it must be at most 5,000 with"),
        ("training.batch=2.5", "training.batch is '2.5'; it must be a whole number"),
    ],
)
def test_settings_that_cannot_be_made_are_explained(text, message):
    with pytest.raises(UsageError) as caught:
        override(Recipe(), [text])
    assert message in str(caught.value)


def test_settings_are_made():
    recipe = override(
        Recipe(), ["training.lr=0.1", " loss.name = mae ", "training.lr=1e-3", "prune.epochs=3"]
    )
    assert recipe == replace(
        Recipe(),
        training=TrainingRecipe(lr=0.001),
        loss=LossRecipe("mae"),
        prune=PruningRecipe(epochs=3),
    )


def test_settings_that_only_fit_together_may_come_in_any_order():
    settings = ["windows.offset_steps=600", "windows.steps=700"]
    assert override(Recipe(), settings) == override(Recipe(), settings[::-1])


def test_every_key_has_a_type():
    assert set(key_types().values()) == {int, float, str}
    assert len(key_types()) == sum(map(len, Recipe().to_json().values()))


def test_reading_a_recipe_does_not_load_torch():
    modules = "nbsuite.training.overrides, nbsuite.training.windows"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
