"""A study: which decoders to train on what, and which hyperparameters to try."""

from __future__ import annotations

from dataclasses import dataclass

from nbsuite.sweep.search import BASE, Variant
from nbsuite.tasks.locate import Source
from nbsuite.training.choices import Choice, choose_family, choose_own
from nbsuite.training.stage_task import StageName


@dataclass(frozen=True)
class Study:
    """What a study file asks for; docs/scaling.md explains the file.

    Attributes:
        name: the study's name, that of its folder.
        models: the decoders, by their families' names or by what makes them.
        sessions: the sessions to decode, by id, name or path.
        seeds: the seeds of each model, session and variant.
        data: real recordings or twins.
        stages: the stages to run; None for those that the published model went through.
        pretrain_on: the sessions to pretrain on; empty for the published choice.
        threads: threads of each task.
        kernel: name of the kernel, or ``auto``.
        device: the torch device.
        settings: hyperparameters that all variants share, each ``section.key=value``.
        variants: what is tried; one without settings where nothing is searched.
        own_code: those of the models that are made by code of a user's, which may be run.
    """

    name: str
    models: tuple[str, ...]
    sessions: tuple[str, ...]
    seeds: tuple[int, ...]
    data: Source = "auto"
    stages: tuple[StageName, ...] | None = None
    pretrain_on: tuple[str, ...] = ()
    threads: int = 1
    kernel: str = "auto"
    device: str = "cpu"
    settings: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = (BASE,)
    own_code: tuple[str, ...] = ()

    def choice(self, model: str, variant: Variant) -> Choice:
        """One of the models with a variant's recipe; no code is run for it.

        Raises:
            UsageError: there is no such model, or a setting is impossible.
        """
        choose = choose_own if model in self.own_code else choose_family
        return choose(model, [*self.settings, *variant.settings])
