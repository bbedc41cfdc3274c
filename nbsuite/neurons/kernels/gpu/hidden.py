"""The triton kernel: the hidden layer through all steps of a window, and back.

A program runs one window from its first step to its last. It keeps the window's state and its
share of the recurrent weights in registers: a thread owns a neuron and the weights of all
connections to it. Each step, spikes go through shared memory to all threads, and nothing else has
to be waited for. Forward, in the notation of ``cells.lif``, k being the dropout's mask (0 or 1):

    s~(t) = k(t) s(t),    i(t+1) = w(t) + V s~(t)

where w = W x~ is computed beforehand, for all steps and windows in one dense product, and what
s~ does to the readouts afterwards. The membrane potential and synaptic current before every step
are kept. Backward, with d(z) the derivative of the loss with respect to z:

    d(s(t)) = k(t) (V^T d(i(t+1)) + d(s~(t))) + d(count)
    d(n)    = d(m(t+1)) (1 - s(t))                            the reset carries no gradient
    d(m(t)) = beta d(n) + d(s(t)) / (20 |m(t) - 1| + 1)^2     SuperSpike
    d(c(t)) = alpha d(c(t+1)) + (1 - beta) d(n)
    d(w(t)) = d(i(t+1)) = d(c(t+2))
    d(beta) += d(n) (m(t) - c(t)),   d(alpha) += d(c(t+1)) c(t)

d(s~) being what the readouts send back. d(V) is the sum over steps and windows of
d(w(t)) s~(t)^T, one dense product afterwards; d(alpha) and d(beta) are added up over the windows
afterwards too, so that no program waits for another and no order of sums is left to chance.
"""

from __future__ import annotations

import triton
import triton.language as tl

from nbsuite.neurons.cells.lif import THRESHOLD
from nbsuite.neurons.kernels.gpu.masks import (
    advance,
    kept_units,
    next_step,
    previous_step,
    word_of,
)
from nbsuite.neurons.surrogate import STEEPNESS

_THRESHOLD, _STEEPNESS = tl.constexpr(THRESHOLD), tl.constexpr(STEEPNESS)
SCALARS = ["steps", "windows", "neurons", "key_low", "key_high", "threshold"]
"""Arguments that a kernel is not compiled anew for. With ``neurons`` unknown to the compiler, no
thread loads several weights of a row at once, and so each comes to own one column of the matrix."""

_CHAINS = tl.constexpr(4)


@triton.jit
def _load_matrix(weights: tl.tensor, neurons: tl.tensor, PADDED: tl.constexpr) -> tl.tensor:
    """Weights [from, to] of a matrix (neurons, neurons), zero beyond it."""
    unit = tl.arange(0, PADDED)
    inside = unit < neurons
    place = unit[:, None] * neurons + unit[None, :]
    return tl.load(weights + place, inside[:, None] & inside[None, :], 0)


@triton.jit
def _product(matrix: tl.tensor, vector: tl.tensor, PADDED: tl.constexpr) -> tl.tensor:
    """Sum over [from] of matrix [from, to] times vector, in independent chains of additions."""
    terms = (matrix * vector[:, None]).reshape(_CHAINS, PADDED // _CHAINS, PADDED)
    return tl.sum(tl.sum(terms, axis=1), axis=0)


@triton.jit(do_not_specialize=SCALARS)
def forward(
    currents: tl.tensor,
    weights: tl.tensor,
    alphas: tl.tensor,
    betas: tl.tensor,
    membranes: tl.tensor,
    synapses: tl.tensor,
    sent: tl.tensor,
    counts: tl.tensor,
    steps: tl.tensor,
    windows: tl.tensor,
    neurons: tl.tensor,
    key_low: tl.tensor,
    key_high: tl.tensor,
    threshold: tl.tensor,
    DROPS: tl.constexpr,
    PADDED: tl.constexpr,
) -> None:
    """Run a window from rest.

    Args:
        currents: (steps, windows, neurons) current w from the input spikes of each step.
        weights: (neurons, neurons) V^T.
        alphas: (neurons,) decay of the synaptic current.
        betas: (neurons,) decay of the membrane potential.
        membranes: (steps, windows, neurons) receives the membrane potential before each step.
        synapses: (steps, windows, neurons) receives the synaptic current before each step.
        sent: (steps, windows, neurons) receives 1 where a spike occurs in the step and is kept,
            else 0.
        counts: (windows, neurons) receives the number of all spikes.
        steps: the window's length.
        windows: number of windows; the program's index says which is its own.
        neurons: number of neurons.
        key_low: lower half of the dropout's key.
        key_high: upper half.
        threshold: the dropout's threshold.
        DROPS: whether any spike can be dropped.
        PADDED: a power of two, not less than the number of neurons.
    """
    window = tl.program_id(0)
    unit = tl.arange(0, PADDED)
    real = unit < neurons
    matrix = _load_matrix(weights, neurons, PADDED)
    alpha, beta = tl.load(alphas + unit, real, 0), tl.load(betas + unit, real, 0)
    zeros, ones = tl.zeros_like(alpha), tl.zeros_like(alpha) + 1
    # Zeros of its own for each: see backward.
    membrane, synapse = tl.zeros_like(alpha), tl.zeros_like(alpha)
    current, count = tl.zeros_like(alpha), tl.zeros_like(alpha)
    counter = word_of(key_low)
    place = window * neurons + unit
    stride = windows * neurons
    for _ in range(steps):
        arriving = tl.load(currents + place, real, 0)
        fires = membrane > _THRESHOLD
        kept = fires
        if DROPS:
            kept = fires & kept_units(counter, key_high, window, unit, neurons, threshold)
        emitted, leaving = tl.where(fires, ones, zeros), tl.where(kept, ones, zeros)
        tl.store(membranes + place, membrane, real)
        tl.store(synapses + place, synapse, real)
        tl.store(sent + place, leaving, real)
        count += emitted
        membrane = tl.where(fires, zeros, beta * membrane + (1 - beta) * synapse)
        synapse = alpha * synapse + current
        current = arriving + _product(matrix, leaving, PADDED)
        counter = next_step(counter)
        currents += stride
        membranes += stride
        synapses += stride
        sent += stride
    tl.store(counts + place, count, real)


@triton.jit(do_not_specialize=SCALARS)
def backward(
    weights: tl.tensor,
    alphas: tl.tensor,
    betas: tl.tensor,
    membranes: tl.tensor,
    synapses: tl.tensor,
    sent_errors: tl.tensor,
    count_errors: tl.tensor,
    current_errors: tl.tensor,
    alpha_errors: tl.tensor,
    beta_errors: tl.tensor,
    steps: tl.tensor,
    windows: tl.tensor,
    neurons: tl.tensor,
    key_low: tl.tensor,
    key_high: tl.tensor,
    threshold: tl.tensor,
    DROPS: tl.constexpr,
    PADDED: tl.constexpr,
) -> None:
    """Propagate a window's errors back through time.

    Args:
        weights: (neurons, neurons) V.
        alphas: (neurons,) decay of the synaptic current.
        betas: (neurons,) decay of the membrane potential.
        membranes: (steps, windows, neurons) membrane potentials, kept by the forward pass.
        synapses: (steps, windows, neurons) synaptic currents, kept by the forward pass.
        sent_errors: (steps, windows, neurons) derivative by the spikes sent, as far as the
            recurrent connection is not concerned.
        count_errors: (windows, neurons) derivative by the number of spikes.
        current_errors: (steps, windows, neurons) receives the derivative by ``currents``.
        alpha_errors: (windows, neurons) receives the window's part of the derivative by alpha.
        beta_errors: (windows, neurons) receives the window's part of the derivative by beta.
        steps: the window's length.
        windows: number of windows; the program's index says which is its own.
        neurons: number of neurons.
        key_low: lower half of the dropout's key.
        key_high: upper half.
        threshold: the dropout's threshold.
        DROPS: whether any spike can be dropped.
        PADDED: a power of two, not less than the number of neurons.
    """
    window = tl.program_id(0)
    unit = tl.arange(0, PADDED)
    real = unit < neurons
    matrix = _load_matrix(weights, neurons, PADDED)
    alpha, beta = tl.load(alphas + unit, real, 0), tl.load(betas + unit, real, 0)
    place = window * neurons + unit
    by_count = tl.load(count_errors + place, real, 0)
    zeros = tl.zeros_like(alpha)
    # Zeros of its own for each: where two names share one value before a loop, the compiler sees
    # no change in assigning one to the other within it, and leaves the assignment out.
    by_membrane, by_synapse = tl.zeros_like(alpha), tl.zeros_like(alpha)
    by_current = tl.zeros_like(alpha)
    by_alpha, by_beta = tl.zeros_like(alpha), tl.zeros_like(alpha)
    counter = advance(word_of(key_low), steps - 1)
    stride = windows * neurons
    end = (steps - 1).to(tl.int64) * stride
    membranes += end
    synapses += end
    sent_errors += end
    current_errors += end
    for _ in range(steps):
        membrane = tl.load(membranes + place, real, 0)
        synapse = tl.load(synapses + place, real, 0)
        by_spike = tl.load(sent_errors + place, real, 0)
        tl.store(current_errors + place, by_current, real)
        by_spike += _product(matrix, by_current, PADDED)
        if DROPS:
            kept = kept_units(counter, key_high, window, unit, neurons, threshold)
            by_spike = tl.where(kept, by_spike, zeros)
        by_integrated = tl.where(membrane > _THRESHOLD, zeros, by_membrane)
        by_alpha += by_synapse * synapse
        by_beta += by_integrated * (membrane - synapse)
        width = _STEEPNESS * tl.abs(membrane - _THRESHOLD) + 1
        by_membrane = beta * by_integrated + (by_spike + by_count) / (width * width)
        by_current = by_synapse
        by_synapse = alpha * by_synapse + (1 - beta) * by_integrated
        counter = previous_step(counter)
        membranes -= stride
        synapses -= stride
        sent_errors -= stride
        current_errors -= stride
    tl.store(alpha_errors + place, by_alpha, real)
    tl.store(beta_errors + place, by_beta, real)
