"""What the units of a user's module do in a sample, by the kinds of its layers.

snnTorch's neurons follow their equations, with s the spike of the step before:

    Leaky, RLeaky          m' = beta m + i - s threshold
    Synaptic, RSynaptic    c' = alpha c + i,   m' = beta m + c' - s threshold

The recurrent connection of the R kinds is a layer of synapses, counted as such. A rectifier is one
comparison. Other kinds, and recurrent cells of torch with their exponentials, are not counted.
"""

from __future__ import annotations

import snntorch as snn
from torch import nn

from nbsuite.models.baselines.leaky import LEAKY_UPDATE
from nbsuite.models.decoder import LayersSeen
from nbsuite.models.layer_watch import SeenLayers
from nbsuite.neurons.unit_work import Uncounted, UnitUpdate, UnitWork

SYNAPTIC_UPDATE = UnitUpdate(multiplies=2, adds=4, reads=3, writes=3)
RECTIFIER_UPDATE = UnitUpdate(multiplies=0, adds=1, reads=1, writes=1)
UPDATES: dict[type[nn.Module], UnitUpdate] = {
    snn.Leaky: LEAKY_UPDATE,
    snn.RLeaky: LEAKY_UPDATE,
    snn.Synaptic: SYNAPTIC_UPDATE,
    snn.RSynaptic: SYNAPTIC_UPDATE,
    nn.ReLU: RECTIFIER_UPDATE,
}


def module_unit_work(layers: SeenLayers, seen: LayersSeen | None) -> UnitWork | Uncounted:
    """The work of the units of a module.

    Args:
        layers: its layers.
        seen: what a run counted of them; None where it looked at none.
    """
    for name, layer in (*layers.connections, *layers.activations):
        counted = not isinstance(layer, nn.RNNCellBase) and getattr(layer, "all_to_all", True)
        if not counted or (type(layer) not in UPDATES and (name, layer) in layers.activations):
            return f"has the layer '{name}' ({type(layer).__name__}), whose updates are not counted"
    if seen is None or len(seen.emitted) != len(layers.activations):
        return "was measured without metrics that look at its layers"
    work = UnitWork(graded=seen.graded)
    for (_, layer), emitted in zip(layers.activations, seen.emitted, strict=True):
        work += UnitWork.of(UPDATES[type(layer)], emitted)
    return work
