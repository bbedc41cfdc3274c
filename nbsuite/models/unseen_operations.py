"""Operations of a module that NeuroBench's hooks cannot see, found by watching what torch runs.

NeuroBench counts the calls of layers that it knows: linear, convolutional and recurrent cells, and
for activations ReLU, Sigmoid and snnTorch's neurons. A matrix product anywhere else would be
counted as none, and the zeros of a rectifier that is no layer would be missing from the activation
sparsity. Both are refused, by the name of the module in whose ``forward`` they happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from neurobench.blocks.layer import SUPPORTED_LAYERS
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from nbsuite.errors import DecoderError

aten = torch.ops.aten
PRODUCTS = {  # and all that quantized layers do
    *(aten.mm, aten.addmm, aten.bmm, aten.baddbmm, aten.addbmm, aten.mv, aten.addmv, aten.dot),
    *(aten.vdot, aten.addr, aten.convolution, aten._trilinear, aten._sparse_mm),
    *(aten.embedding, aten._embedding_bag, aten._embedding_bag_forward_only),
    *(aten._scaled_dot_product_flash_attention_for_cpu, aten.mkldnn_rnn_layer),
}
RECTIFIERS = {aten.relu, aten.relu_, aten.hardtanh, aten.hardtanh_, aten.threshold, aten.threshold_}
RECTIFIERS |= {aten.hardshrink, aten.softshrink, aten.hardsigmoid, aten.hardsigmoid_}
NORMS = (
    *(nn.LayerNorm, nn.GroupNorm, nn.LocalResponseNorm),
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
)


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the first product and rectifier outside the layers that are seen."""

    def __init__(self, connections: set[nn.Module], activations: set[nn.Module]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.within: list[tuple[str, nn.Module]] = []
        self.unseen: list[tuple[str, nn.Module, bool]] = []
        self._seen = {True: connections | activations, False: connections}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Called by torch in place of each operation."""
        packet = func.overloadpacket
        quantized = func.namespace == "quantized"
        if packet in PRODUCTS or packet in RECTIFIERS or quantized:
            rectifies = packet in RECTIFIERS
            if not any(module in self._seen[rectifies] for _, module in self.within):
                self.unseen.append((*self.within[-1], rectifies))
        return func(*args, **(kwargs or {}))


@contextmanager
def no_unseen_operations(
    net: nn.Module, connections: Iterable[nn.Module], activations: Iterable[nn.Module]
) -> Iterator[None]:
    """Watch what a module does within the block.

    Args:
        net: the module, for the names of its parts.
        connections: the layers whose operations NeuroBench counts.
        activations: the layers whose outputs NeuroBench counts.

    Raises:
        DecoderError: at the end of the block, if there was an operation that is not counted.
    """
    watch = _Watch(set(connections), set(activations))
    handles = []
    for name, module in net.named_modules():

        def enter(module: nn.Module, _: Any, name: str = name) -> None:
            watch.within.append((name, module))

        def leave(*_: Any) -> None:
            watch.within.pop()

        handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
    watch.within.append(("", net))
    try:
        with watch:
            yield
    finally:
        for handle in handles:
            handle.remove()
    for name, module, rectifies in watch.unseen:
        where = _where(name, module)
        if rectifies:
            raise DecoderError(
                f"{where} sets values to zero without a layer whose outputs NeuroBench counts; "
                "make its rectifier an nn.ReLU of its own."
            )
        raise DecoderError(
            f"{where} multiplies by weights without a layer that NeuroBench counts; use nn.Linear, "
            "nn.Conv1d or a cell (nn.GRUCell, nn.LSTMCell, nn.RNNCell), and call it."
        )


def check_parameters(net: nn.Module, connections: Iterable[nn.Module]) -> None:
    """Make sure that weights belong to layers that NeuroBench counts.

    Raises:
        DecoderError: names a module that has a matrix of its own.
    """
    if isinstance(net, SUPPORTED_LAYERS):
        raise DecoderError(
            f"The decoder is a {type(net).__name__} itself, in which NeuroBench finds no layer; "
            "make it a layer of a module of your own."
        )
    counted = {id(each) for layer in connections for each in layer.modules()}
    for name, module in net.named_modules():
        if id(module) in counted or isinstance(module, NORMS):
            continue
        for parameter, value in module.named_parameters(recurse=False):
            if sum(length > 1 for length in value.shape) > 1:
                raise DecoderError(
                    f"{_where(name, module)} holds the weights '{parameter}' of shape "
                    f"{tuple(value.shape)}, whose operations NeuroBench cannot count; use "
                    "nn.Linear, nn.Conv1d or a cell in its place."
                )


def _where(name: str, module: nn.Module) -> str:
    kind = type(module).__name__
    return f"The layer '{name}' ({kind})" if name else f"The forward() of {kind}"
