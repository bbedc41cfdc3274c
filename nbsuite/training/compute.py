"""How a run is computed: kernel, device and threads, on which its last bits depend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch

from nbsuite.errors import UsageError
from nbsuite.models.decoder import DecoderSpec
from nbsuite.neurons.kernels import TrainingKernelName
from nbsuite.neurons.kernels.gpu.limits import require_size
from nbsuite.neurons.kernels.threads import kernel_threads

MOST_THREADS = 1024
"""More do not help any machine; so many that they cannot be started end the process."""


@dataclass(frozen=True)
class Compute:
    """How a run is computed.

    Attributes:
        kernel: the kernel for training; what is measured is always decoded by the numba kernel.
        device: the torch device to train on.
        threads: threads of the numba kernel, whose outcome is the same to the bit with any number
            of them; else of torch, which adds up sums over a batch in another order by another
            number. At least 1.

    Raises:
        UsageError: fewer than 1 thread, or more than 1,024.
    """

    kernel: TrainingKernelName = "numba"
    device: str = "cpu"
    threads: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.threads <= MOST_THREADS:
            raise UsageError(
                f"{self.threads} threads are asked for where 1 to {MOST_THREADS:,} can be used:"
                " choose another number of --threads."
            )

    def require_fit(self, spec: DecoderSpec) -> None:
        """Make sure that the kernel takes a decoder.

        Raises:
            UsageError: it does not.
        """
        if self.kernel not in getattr(spec, "training_kernels", (self.kernel,)):
            raise UsageError(
                f"The {self.kernel} kernel does not train {spec.name}; use the reference kernel."
            )
        if self.kernel == "triton":
            require_size(getattr(spec, "neurons", 0), torch.float32)

    def identity(self) -> dict[str, Any]:
        """What decides the last bits of the outcome, as JSON values."""
        deciding = asdict(self) | {"device": torch.device(self.device).type}
        if self.kernel == "numba":
            del deciding["threads"]
        return deciding

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Use that many threads: the numba kernel has its own, and torch then only one."""
        with (
            limited_threads(1 if self.kernel == "numba" else self.threads),
            kernel_threads(self.threads),
        ):
            yield


@contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """Let torch use that many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
