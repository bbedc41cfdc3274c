"""The specifications of a study's decoders, each made once: of one's own, it takes running code."""

from __future__ import annotations

from nbsuite.data.recording import Recording
from nbsuite.errors import UsageError
from nbsuite.models.decoder import DecoderSpec
from nbsuite.training.families import Model
from nbsuite.training.run_plan import check_structure
from nbsuite.training.stage_task import StageName


class Specs:
    """The specifications made so far.

    Attributes:
        remarks: what a person should know of decoders of their own, in sentences.
    """

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self._made: dict[tuple[Model, int, int, float], DecoderSpec] = {}
        self._named: dict[str, str | None] = {}

    def of(self, model: Model, recording: Recording, stages: tuple[StageName, ...]) -> DecoderSpec:
        """A decoder's specification for a recording, checked for what it is to go through.

        Raises:
            UsageError: two decoders have one name, so that their results could not be told apart.
            DecoderError, TrainingError: a user's code makes no decoder that can go through them.
        """
        key = (model, recording.channels, recording.outputs, recording.task.step)
        if key not in self._made:
            spec = model.spec(*key[1:])
            self._require_distinct(spec.name, model.factory)
            found = check_structure(model.factory, spec, stages)
            if model.factory is not None:
                found = (*found, f"How long {spec.name} takes is a guess before its first epochs.")
            self.remarks += [each for each in found if each not in self.remarks]
            self._made[key] = spec
        return self._made[key]

    def _require_distinct(self, name: str, factory: str | None) -> None:
        other = self._named.setdefault(name, factory)
        if other != factory:
            raise UsageError(
                f"The study has two decoders that are called {name}, of which"
                f" {factory or other} makes one, so that their results would be mixed: give its"
                " class another name."
            )
