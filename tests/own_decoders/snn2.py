"""SNN2 as NeuroBench's examples are written: batches of samples in time, wrapped for its hooks."""

import snntorch as snn
import torch
from neurobench.models import NeuroBenchModel, TorchModel
from torch import nn


class SNN2(nn.Module):
    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, 50, bias=False)
        self.fc_out = nn.Linear(50, outputs, bias=False)
        self.lif1 = snn.Leaky(beta=0.96, threshold=0.3, init_hidden=True, reset_mechanism="zero")
        self.lif_out = snn.Leaky(beta=0.96, init_hidden=True, reset_mechanism="none")

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        decoded = []
        for sample in batch:
            self.lif_out(self.fc_out(self.lif1(self.fc1(sample))))
            decoded.append(self.lif_out.mem.clone())
        return torch.cat(decoded)


def build(channels: int = 96, outputs: int = 2) -> NeuroBenchModel:
    torch.manual_seed(6)
    model = TorchModel(SNN2(channels, outputs))
    model.add_activation_module(snn.SpikingNeuron)
    return model
