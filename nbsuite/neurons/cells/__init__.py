"""The cells that there are, by their names: neuron models for hidden layers."""

from __future__ import annotations

from nbsuite.neurons.cells import adaptive, lif, stock
from nbsuite.neurons.cells.cell import Cell

CELLS = {
    cell.name: cell
    for cell in (
        Cell(
            "lif",
            "leaky integrate-and-fire with synaptic currents, in stork's timing",
            lif.lif_step,
            lif.readout_step,
            lif.UPDATE,
            lif.READOUT_UPDATE,
            fused=True,
        ),
        Cell(
            "adaptive",
            "lif with an adapting threshold",
            adaptive.adaptive_step,
            lif.readout_step,
            adaptive.UPDATE,
            lif.READOUT_UPDATE,
            adaptation=adaptive.TIME_CONSTANT,
            fused=True,
        ),
        Cell(
            "stock",
            "lif in the timing of stock snnTorch, without waits",
            stock.stock_step,
            stock.stock_readout_step,
            lif.UPDATE,
            lif.READOUT_UPDATE,
        ),
    )
}
