"""Any ``nn.Module`` of a user as a decoder: run as written, and counted as NeuroBench would.

The module itself is never run: its copies are, so that its footprint is that before the first call,
when NeuroBench measures it, and no run leaves anything behind. Arithmetic is in its own dtype.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nbsuite.errors import DecoderError, UsageError
from nbsuite.models.decoder import DecodedChunk, Decoder, LayersSeen
from nbsuite.models.lookahead import NOTHING_AHEAD, Lookahead, lookahead_of
from nbsuite.models.module_checks import check_operations, check_repetition
from nbsuite.models.module_interface import Model, device_of, dtype_of, find_interface, net_of
from nbsuite.models.module_run import ModuleRun, copy_of, fault_of_sequences, reset
from nbsuite.models.module_runner import ModuleRunner
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.models.module_units import module_unit_work
from nbsuite.models.sample_runner import SampleRunner
from nbsuite.models.stepwise import State, Step, StepwiseNetwork
from nbsuite.neurons.unit_work import Uncounted, UnitWork

SEQUENCE, STEPWISE = "sequence", "stepwise"
FIRST_STEPS = 256
"""Steps in which sequences are compared with single samples before they are trusted."""


class ModuleDecoder(Decoder):
    """A user's module as a decoder.

    Args:
        model: the module, or NeuroBench's wrapper around one; it is copied.
        spec: its name and sizes.

    Raises:
        DecoderError: it does not fit the task, is not the same twice, or cannot be counted.
    """

    spec: ModuleSpec
    _model: Model
    kernels = (SEQUENCE, STEPWISE)
    precisions = ()

    def __init__(self, model: Model, spec: ModuleSpec) -> None:
        super().__init__()
        self.spec = spec
        # Not a second submodule with the same weights: its net is one.
        self.__dict__["_model"] = copy_of(model)
        self.module = net_of(self._model).eval()
        probe = copy_of(self._model)
        reset(net_of(probe))
        self.interface = find_interface(probe, spec.channels, spec.outputs)
        self._run: ModuleRun | None = None
        self._sequences: bool | None = None
        self.remark = ""
        check_operations(self._model, self.interface, spec.channels)
        check_repetition(self._model, self.interface, spec.channels)

    @property
    def dtype(self) -> torch.dtype:
        """Dtype in which it is run: that of the first of its numbers that is floating."""
        return dtype_of(self._model)

    @property
    def activation_layers(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of its layers of neurons."""
        return tuple(name for name, _ in self.running().layers.activations)

    def sources(self) -> tuple[tuple[torch.nn.Module, ...], ...]:
        """Its layers, each with inputs of its own."""
        return tuple((layer,) for _, layer in self.running().layers.connections)

    def decode(
        self, spikes: Tensor, state: State = None, *, kernel: str | None = None
    ) -> DecodedChunk:
        """Decode a chunk of time; see ``Decoder``.

        A sequence is given to the module as such after its first steps have been shown to come out
        as those of single samples do; ``remark`` says if they do not.
        """
        spikes = self.check_input(spikes)
        at_once = self.choose_kernel(kernel) == SEQUENCE and len(spikes) > 1
        decoded = self.running().decode(
            spikes, state, at_once=at_once and self._trusts_sequences(spikes)
        )
        return DecodedChunk(
            outputs=decoded.outputs,
            inputs=decoded.inputs,
            activations=decoded.activations,
            spikes=None,
            state=decoded.state,
        )

    def lookahead(self, kernel: str | None = None) -> Lookahead:
        """How far it looks ahead as it has been run, with the weights that it has.

        Given single samples, it sees none ahead: ``within_sequences`` tells how far it would.
        """
        given_sequences = self.choose_kernel(kernel) == SEQUENCE and self._sequences
        return (self.within_sequences() if given_sequences else None) or NOTHING_AHEAD

    def within_sequences(self) -> Lookahead | None:
        """How far it looks ahead where it is given sequences, with the weights that it has.

        Whether the benchmark would trust those is another matter. None where it takes none, so
        that it sees nothing ahead.
        """
        if not self.interface.takes_sequences:
            return None
        run = ModuleRun(self._model, self.interface, torch.device("cpu"))
        try:
            return lookahead_of(run.outputs_of, self.spec.channels)
        except DecoderError:  # it fails where it is given one
            return None

    def choose_kernel(self, kernel: str | None) -> str:
        """How it is given its samples; see ``Decoder``.

        Raises:
            UsageError: a kernel is asked for that spiking layers of nbsuite have.
        """
        if kernel is not None and kernel not in self.kernels:
            raise UsageError(
                f"{self.spec.name} is run as it is written, and has no kernel '{kernel}'; leave "
                "out --kernel."
            )
        return kernel or self.kernels[0]

    def stepwise(self) -> StepwiseNetwork:
        """The module one sample at a time."""
        return ModuleSteps(ModuleRun(self._model, self.interface, self.device))

    def sample_runner(self) -> SampleRunner:
        """See ``Decoder``; its layers are not watched."""
        return ModuleRunner(ModuleRun(self._model, self.interface, self.device))

    def notes(self) -> dict[str, Any]:
        """How it was run, and when its footprint was measured; see ``Decoder``."""
        remarks = [self.remark] if self.remark else []
        ahead = None if self._sequences else self.within_sequences()
        if ahead is not None and ahead.samples:
            sentence = ahead.sentence(self.spec.step)
            remarks.append(f"{sentence} where it can; given single samples, it cannot")
        return {
            "remarks": [f"{self.spec.name} {each}." for each in remarks],
            "footprint_measured": "before the first call, as NeuroBench measures it",
            "footprint_in_use": self.footprint_in_use,
        }

    def unit_work(self, seen: LayersSeen | None) -> UnitWork | Uncounted:
        """What its units do in a sample, by their kinds and as often as a run saw them."""
        return module_unit_work(self.running().layers, seen)

    @property
    def footprint_in_use(self) -> int:
        """Bytes of its parameters and buffers after what it has decoded so far."""
        net = self.running().net
        values = (*net.parameters(), *net.buffers())
        return sum(each.numel() * each.element_size() for each in values)

    def fault(self) -> str | None:
        """There is nothing to check in weights whose meaning their author alone knows."""
        return None

    @property
    def device(self) -> torch.device:
        """Device of the weights; the CPU where there are none."""
        return device_of(self._model)

    def running(self) -> ModuleRun:
        """The copy that is run."""
        if self._run is None or self._run.device != self.device:
            self._run = ModuleRun(self._model, self.interface, self.device)
        return self._run

    def _trusts_sequences(self, spikes: Tensor) -> bool:
        if self._sequences is None:
            first = spikes[:FIRST_STEPS]
            if len(first) < 3:
                return False
            fault = fault_of_sequences(self.running(), first)
            self._sequences = fault is None
            self.remark = (
                f"was given sequences, whose first {len(first)} steps equal those of single samples"
                if fault is None
                else f"was given one sample at a time, for it {fault}"
            )
        return self._sequences


class ModuleSteps(StepwiseNetwork):
    """A user's module one sample at a time."""

    def __init__(self, run: ModuleRun) -> None:
        self._run = run
        self.network = run.net
        self.neurons = run.layers.activations
        self._carried: Any = None

    def step(self, sample: Tensor) -> Step:
        """Decode the next sample (1, channels)."""
        outputs, self._carried = self._run.step(sample.to(self._run.device), self._carried)
        return Step(outputs.to("cpu", torch.float32), None)

    def reset(self) -> None:
        """Return to where every recording starts."""
        self._carried = self._run.restart()
