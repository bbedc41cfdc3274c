"""What a person may leave open about training, settled: the decoder, its recipe, stages, kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbsuite.benchmarking.session import choose_training_kernel
from nbsuite.errors import UsageError
from nbsuite.models.factory import names_decoder
from nbsuite.neurons.kernels import TrainingKernelName
from nbsuite.suggestions import did_you_mean
from nbsuite.training.architecture import SECTION
from nbsuite.training.families import Model, configure
from nbsuite.training.overrides import override
from nbsuite.training.own_model import OWN_STAGES, OwnModel
from nbsuite.training.recipe import Recipe
from nbsuite.training.stage_task import STAGES, StageName


@dataclass(frozen=True)
class Choice:
    """A decoder to be trained and how.

    Attributes:
        model: the decoder.
        recipe: its hyperparameters.
        usual_stages: the stages that it goes through where nothing else is asked for.
        remark: what a person should know; empty where there is nothing.
    """

    model: Model
    recipe: Recipe
    usual_stages: tuple[StageName, ...]
    remark: str = ""

    def stages(self, wanted: Sequence[str] | None, *, pretrained: bool) -> tuple[StageName, ...]:
        """The stages to run, in their order.

        Args:
            wanted: those asked for; None for the usual ones.
            pretrained: whether there are weights to start from, so that none need be made.

        Raises:
            UsageError: a stage is unknown, or none is named.
        """
        if wanted is None:
            return tuple(each for each in self.usual_stages if not pretrained or each != "pretrain")
        for name in wanted:
            if name not in STAGES:
                raise UsageError(f"There is no stage '{name}'; {did_you_mean(name, STAGES)}")
        if not wanted:
            raise UsageError(f"No stage is named: choose among {', '.join(STAGES)}.")
        return tuple(stage for stage in STAGES if stage in wanted)

    def kernel(self, kernel: str, device: str) -> TrainingKernelName:
        """The kernel to train with; a decoder of one's own computes as it is written.

        Raises:
            UsageError: there is no such kernel or device, or another is asked for of one's own.
        """
        if self.model.factory is not None and kernel not in ("auto", "reference"):
            raise UsageError(
                f"A decoder of your own computes as it is written, not with the {kernel} kernel:"
                " leave the kernel open."
            )
        return choose_training_kernel(kernel, device, fused=self.model.fused)


def choose(model: str, settings: Sequence[str] = (), name: str | None = None) -> Choice:
    """A decoder by its family's name, or one's own by what makes it.

    Args:
        model: a family's name, or ``my_decoder.py:build``, ``package.module:name`` or the name of
            an entry point, whose code is run.
        settings: hyperparameters in the place of the usual ones, each ``section.key=value``.
        name: what results call a decoder of one's own; None for the name of its class.

    Raises:
        UsageError: there is no such decoder, or a setting is impossible.
    """
    if names_decoder(model):
        return choose_own(model, settings, name)
    if name is not None:
        raise UsageError(f"--name is for a decoder of your own, and {model} has a name.")
    return choose_family(model, settings)


def choose_own(model: str, settings: Sequence[str] = (), name: str | None = None) -> Choice:
    """A decoder of one's own, see :func:`choose`; its code is not run yet.

    Raises:
        UsageError: a setting is impossible, or is of a network of nbsuite's.
    """
    for setting in settings:
        if setting.strip().startswith(f"{SECTION}."):
            raise UsageError(
                f"{setting.partition('=')[0].strip()} is a setting of nbsuite's own networks, and"
                f" {model} is as its code says: leave it out."
            )
    return Choice(OwnModel(model, name), override(Recipe(), settings), OWN_STAGES)


def choose_family(model: str, settings: Sequence[str] = ()) -> Choice:
    """A decoder by its family's name.

    Raises:
        UsageError: there is no such family, or a setting is impossible.
    """
    chosen, recipe = configure(model, settings)
    remark = f"{chosen.name} has no fused kernel: the reference trains it, many times slower."
    return Choice(chosen, recipe, chosen.family.stages, "" if chosen.fused else remark)
