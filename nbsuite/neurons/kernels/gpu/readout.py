"""The triton kernel: the readout units through all steps, a linear filter in time, and its adjoint.

In the notation of ``cells.lif``, o and y being a readout's membrane potential and synaptic current
and j(t+1) = u(t) = U s~(t), which is computed beforehand for all steps and windows:

    o(t+1) = beta o(t) + (1 - beta) y(t)        what is put out at step t
    y(t+1) = alpha y(t) + u(t-1)

and back, d(z) being the derivative of the loss with respect to z:

    d(o(t+1)) = d(output(t)) + beta d(o(t+2))
    d(y(t))   = alpha d(y(t+1)) + (1 - beta) d(o(t+1)),    d(u(t)) = d(y(t+2))
    d(alpha) += d(y(t+1)) y(t),   d(beta) += d(o(t+1)) (o(t) - y(t))

A thread runs one unit of one window.
"""

from __future__ import annotations

import triton
import triton.language as tl

SCALARS = ["steps", "windows", "units"]
"""Arguments that a kernel is not compiled anew for."""


@triton.jit(do_not_specialize=SCALARS)
def readout_forward(
    currents: tl.tensor,
    alphas: tl.tensor,
    betas: tl.tensor,
    synapses: tl.tensor,
    membranes: tl.tensor,
    steps: tl.tensor,
    windows: tl.tensor,
    units: tl.tensor,
    BLOCK: tl.constexpr,
) -> None:
    """Run ``BLOCK`` units of windows from the initial state.

    Args:
        currents: (steps, windows, units) current u from the hidden spikes of each step.
        alphas: (units,) decay of the synaptic current.
        betas: (units,) decay of the membrane potential.
        synapses: (steps, windows, units) receives the synaptic current before each step.
        membranes: (steps + 1, windows, units) the membrane potential before the first step;
            receives that after each.
        steps: the windows' length.
        windows: number of windows.
        units: number of units.
        BLOCK: a power of two.
    """
    stride = windows * units
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    real = place < stride
    alpha = tl.load(alphas + place % units, real, 0)
    beta = tl.load(betas + place % units, real, 0)
    membrane = tl.load(membranes + place, real, 0)
    synapse, current = tl.zeros_like(alpha), tl.zeros_like(alpha)
    for _ in range(steps):
        arriving = tl.load(currents + place, real, 0)
        membrane = beta * membrane + (1 - beta) * synapse
        membranes += stride
        tl.store(membranes + place, membrane, real)
        tl.store(synapses + place, synapse, real)
        synapse = alpha * synapse + current
        current = arriving
        currents += stride
        synapses += stride


@triton.jit(do_not_specialize=SCALARS)
def readout_backward(
    alphas: tl.tensor,
    betas: tl.tensor,
    synapses: tl.tensor,
    membranes: tl.tensor,
    output_errors: tl.tensor,
    current_errors: tl.tensor,
    alpha_errors: tl.tensor,
    beta_errors: tl.tensor,
    steps: tl.tensor,
    windows: tl.tensor,
    units: tl.tensor,
    BLOCK: tl.constexpr,
) -> None:
    """Propagate the errors of ``BLOCK`` units of windows back through time.

    Args:
        alphas: (units,) decay of the synaptic current.
        betas: (units,) decay of the membrane potential.
        synapses: (steps, windows, units) synaptic currents, made by the forward pass.
        membranes: (steps + 1, windows, units) membrane potentials before and after each step, made
            by the forward pass.
        output_errors: (steps, windows, units) derivative by the outputs.
        current_errors: (steps, windows, units) receives the derivative by ``currents``.
        alpha_errors: (windows, units) receives each window's part of the derivative by alpha.
        beta_errors: (windows, units) receives each window's part of the derivative by beta.
        steps: the windows' length.
        windows: number of windows.
        units: number of readout units.
        BLOCK: how many units of windows a program takes on.
    """
    stride = windows * units
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    real = place < stride
    alpha = tl.load(alphas + place % units, real, 0)
    beta = tl.load(betas + place % units, real, 0)
    # Zeros of its own for each: see ``hidden.backward``.
    by_membrane, by_synapse = tl.zeros_like(alpha), tl.zeros_like(alpha)
    by_current = tl.zeros_like(alpha)
    by_alpha, by_beta = tl.zeros_like(alpha), tl.zeros_like(alpha)
    end = (steps - 1).to(tl.int64) * stride
    synapses += end
    membranes += end
    output_errors += end
    current_errors += end
    for _ in range(steps):
        membrane = tl.load(membranes + place, real, 0)
        synapse = tl.load(synapses + place, real, 0)
        by_membrane = beta * by_membrane + tl.load(output_errors + place, real, 0)
        tl.store(current_errors + place, by_current, real)
        by_alpha += by_synapse * synapse
        by_beta += by_membrane * (membrane - synapse)
        by_current = by_synapse
        by_synapse = alpha * by_synapse + (1 - beta) * by_membrane
        synapses -= stride
        membranes -= stride
        output_errors -= stride
        current_errors -= stride
    tl.store(alpha_errors + place, by_alpha, real)
    tl.store(beta_errors + place, by_beta, real)
