"""What ``nbsuite demo`` trains and measures: decoders for a short twin, within a minute."""

from __future__ import annotations

from nbsuite.training.families import find_family
from nbsuite.training.overrides import override
from nbsuite.training.recipe import Recipe

MODEL = "tinyRSNN"
SESSION = "I1"
TWIN_FRACTION = 0.25
TWIN_SEED = 1
SEED = 1
EPOCHS = 40


def demo_recipe(epochs: int = EPOCHS) -> Recipe:
    """The published recipe, hurried: fewer epochs of smaller batches at a higher learning rate."""
    return override(
        find_family(MODEL).recipe,
        [
            f"finetune.epochs={epochs}",
            f"training.schedule_epochs={epochs}",
            "training.batch=50",
            "training.lr=0.005",
        ],
    )
