"""SNN2: leaky integrate-and-fire neurons without recurrence, and a leaky readout."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nbsuite.models.baselines.leaky import Leaky, run_with_reset_to_zero, run_without_reset
from nbsuite.models.baselines.sizes import NEURONS
from nbsuite.models.baselines.spec import Baseline, BaselineSpec
from nbsuite.models.baselines.stock import StockSNN2
from nbsuite.models.buffered import BufferedNetwork
from nbsuite.models.decoder import DecodedChunk, apply
from nbsuite.models.spec import OUTPUTS
from nbsuite.models.stepwise import State, StepwiseNetwork


class SNN2(Baseline):
    """50 leaky integrate-and-fire neurons and a leaky readout.

    >>> SNN2(BaselineSpec("SNN2", channels=96)).decode(torch.zeros(250, 96)).outputs.shape
    torch.Size([250, 2])
    """

    activation_layers = ("lif1", "lif_out")

    def __init__(self, spec: BaselineSpec) -> None:
        super().__init__(spec)
        self.fc1 = nn.Linear(spec.channels, NEURONS, bias=False)
        self.fc_out = nn.Linear(NEURONS, OUTPUTS, bias=False)
        self.lif1 = Leaky(0.96, 1, "zero")
        self.lif_out = Leaky(0.96, 1, "none")

    @torch.no_grad()
    def decode(
        self, spikes: Tensor, state: State = None, *, kernel: str | None = None
    ) -> DecodedChunk:
        """Decode a chunk of time; see ``Decoder``. The state is both layers' membranes."""
        del kernel  # all steps are computed at once
        spikes = self.check_input(spikes)
        rest = (torch.zeros(NEURONS).double(), torch.zeros(OUTPUTS).double())
        membranes = rest if state is None else state
        hidden, membrane = run_with_reset_to_zero(
            self.lif1, apply(self.fc1, spikes).cpu().numpy(), membranes[0].numpy()
        )
        emitted = torch.from_numpy(hidden.view("i1"))
        current = apply(self.fc_out, emitted.to(self.device))
        readout, decoded = run_without_reset(
            self.lif_out, current.cpu().numpy(), membranes[1].numpy()
        )
        return DecodedChunk(
            outputs=torch.from_numpy(decoded).float(),
            inputs=(spikes, emitted),
            activations=(emitted, torch.from_numpy(readout)),
            spikes=emitted,
            state=(torch.from_numpy(membrane), torch.from_numpy(decoded[-1])),
        )

    def stepwise(self) -> StepwiseNetwork:
        """The same decoder of stock layers."""
        return BufferedNetwork(self, StockSNN2(self.spec.channels))
