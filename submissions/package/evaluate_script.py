"""Reproduce the results in this package: the same weights, data and official metrics.

    python evaluate.py --data FOLDER [--session NAME]...

FOLDER holds the recordings (.mat) that the results name. Needs torch, snntorch, neurobench, h5py
and scipy; requirements.txt lists the versions that the package was made with. It runs on
NeuroBench 1.0.6 and on later releases, and needs nothing else of the package's authors.

The decoder: recurrently connected spiking neurons and leaky readouts, in steps of 4 ms. At each
step, all values on the right from before the step,

    s = [m > 1]      m' = (beta m + (1 - beta) c) (1 - s)      c' = alpha c + i     i' = W x + V s
    readout:         o' = beta o + (1 - beta) y                y' = alpha y + j     j' = U s

with decays exp(-dt / (tau softplus(p))) of learnt p. The output is the mean of all readouts.

The metrics are NeuroBench's own. Synaptic operations add up over time, so that a layer may be shown
many steps at once; sums in half precision overflow, so that every count is made in float64.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import linear, softplus
from torch.utils.data import DataLoader

ROOT = Path(__file__).resolve().parent
STEP_SECONDS = 0.004
INITIAL_READOUT = -0.01
CHUNK_STEPS = 8192
LARGEST_FILE = 256 << 20
LARGEST_TEXT = 8 << 20
DTYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
CHALLENGE_ARGUMENTS = {
    "num_steps": 1,
    "train_ratio": 0.5,
    "bin_width": 0.004,
    "biological_delay": 0,
    "remove_segments_inactive": False,
    "download": False,
}
TOLERANCES = {"activation_sparsity": 1e-12, "r2": 1e-6}
"""For means of fractions and sums of rounded numbers; all other metrics have to be equal."""

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+ -]{0,199}")
"""What may become part of a path, and shows on a terminal as what it is."""

FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What comes of reading a file that is missing or not as it must be."""

Array = Any


class Connection(nn.Linear):
    """Synaptic weights. Currents come out in float64, so that NeuroBench's counts are exact."""

    def __init__(self, fan_in: int, fan_out: int) -> None:
        super().__init__(fan_in, fan_out, bias=False)

    def forward(self, spikes: Tensor) -> Tensor:
        """Currents (steps, fan-out) caused by spikes (steps, fan-in)."""
        if self.weight.dtype == torch.float16:  # sums of half-precision weights are exact
            return linear(spikes.double(), self.weight.double())
        by_source = self.by_source()
        rows = [by_source[np.flatnonzero(row)].sum(axis=0) for row in spikes.numpy()]
        return torch.from_numpy(np.stack(rows)).double()

    def by_source(self) -> Array:
        """(fan-in, fan-out): one row a source, whose rows are added in ascending order."""
        exact = self.weight.dtype == torch.float16
        weight = self.weight.double() if exact else self.weight
        return np.ascontiguousarray(weight.detach().numpy().T)


class Leaky(nn.Module):
    """What hidden neurons and readouts share: decays, and the state between two chunks."""

    def __init__(self, units: int, time_constants: tuple[float, float], membrane: float) -> None:
        super().__init__()
        self.tau_membrane, self.tau_synapse = time_constants
        self.alpha = nn.Parameter(torch.zeros(units))
        self.beta = nn.Parameter(torch.zeros(units))
        self.initial_membrane = membrane
        self.state: tuple[Array, Array, Array] | None = None

    def decays(self) -> tuple[Array, Array, Array]:
        """alpha, beta and 1 - beta, computed in the weights' own precision."""
        alpha, beta = (
            torch.exp((tau * softplus(parameter)).reciprocal() * -STEP_SECONDS)
            for parameter, tau in ((self.alpha, self.tau_synapse), (self.beta, self.tau_membrane))
        )
        return alpha.numpy(), beta.numpy(), (1 - beta).numpy()

    def start(self) -> tuple[Array, Array, Array]:
        """Membrane potential, synaptic current and input current before the chunk."""
        if self.state is not None:
            return self.state
        zeros = torch.zeros_like(self.beta)
        return (zeros + self.initial_membrane).numpy(), zeros.numpy(), zeros.numpy()

    def rounded(self, currents: Tensor | Array) -> Array:
        """Currents (float64) in the weights' precision; half precision rounds by way of float32."""
        dtype = self.beta.dtype
        first = torch.float32 if dtype == torch.float16 else dtype
        return torch.as_tensor(currents).to(first).to(dtype).numpy()


class HiddenNeurons(Leaky):
    """Spiking neurons with recurrent connections."""

    def __init__(self, neurons: int, time_constants: tuple[float, float]) -> None:
        super().__init__(neurons, time_constants, membrane=0.0)
        self.recurrent = Connection(neurons, neurons)

    def forward(self, currents: Tensor) -> Tensor:
        """Spikes (steps, neurons) caused by input currents (steps, neurons)."""
        alpha, beta, gain = self.decays()
        membrane, synapse, current = self.start()
        by_source, inputs = self.recurrent.by_source(), self.rounded(currents)
        fired = np.zeros(inputs.shape, dtype=np.int8)
        fed_back = np.zeros(inputs.shape)
        for step, arriving in enumerate(inputs):
            sources = np.flatnonzero(membrane > 1)
            fired[step, sources] = 1
            fed_back[step] = by_source[sources].sum(axis=0)
            membrane = beta * membrane + gain * synapse
            membrane[sources] = 0
            synapse = alpha * synapse + current
            current = arriving + self.rounded(fed_back[step])
        self.state = membrane, synapse, current
        spikes = torch.from_numpy(fired)
        # NeuroBench counts the operations of this call: it has to be what the loop above did.
        if not torch.equal(self.recurrent(spikes), torch.from_numpy(fed_back)):
            raise SystemExit("The recurrent currents of a chunk are not those of its steps.")
        return spikes


class Readout(Leaky):
    """Leaky integrator units without spikes."""

    def __init__(self, units: int, time_constants: tuple[float, float]) -> None:
        super().__init__(units, time_constants, membrane=INITIAL_READOUT)

    def forward(self, currents: Tensor) -> Tensor:
        """Membrane potentials (steps, units) caused by currents (steps, units)."""
        alpha, beta, gain = self.decays()
        membrane, synapse, current = self.start()
        inputs = self.rounded(currents)
        output = np.empty_like(inputs)
        for step, arriving in enumerate(inputs):
            membrane = beta * membrane + gain * synapse
            synapse = alpha * synapse + current
            current = arriving
            output[step] = membrane
        self.state = membrane, synapse, current
        return torch.from_numpy(output)


class Decoder(nn.Module):
    """The decoder of a checkpoint; state is carried from one chunk to the next."""

    def __init__(self, model: dict[str, Any]) -> None:
        super().__init__()
        neurons, readouts = model["neurons"], model["readouts"]
        self.input = Connection(model["channels"], neurons)
        self.hidden = HiddenNeurons(neurons, model["hidden"])
        self.output = nn.ModuleList(Connection(neurons, 2) for _ in readouts)
        self.readout = nn.ModuleList(Readout(2, constants) for constants in readouts)

    def forward(self, samples: Tensor) -> Tensor:
        """Velocities (samples, 2) decoded from consecutive samples (samples, 1, channels)."""
        chunks = torch.split(samples[:, 0], CHUNK_STEPS)
        return torch.cat([self.decode(chunk) for chunk in chunks])

    def decode(self, spikes: Tensor) -> Tensor:
        """One chunk: project, spike, project, read out, average."""
        fired = self.hidden(self.input(spikes))
        heads = [read(send(fired)) for send, read in zip(self.output, self.readout, strict=True)]
        half = heads[0].dtype == torch.float16  # which is rounded once, after adding
        total: Tensor = heads[0].float() if half else heads[0]
        for head in heads[1:]:
            total = total + head
        mean: Tensor = total / len(heads)
        return mean.half().float() if half else mean.float()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tell in a sentence that a file of the package is missing or not as it must be."""
    try:
        yield
    except FAULTS as error:
        fault = ascii(str(error))[:200]
        raise SystemExit(
            f"{path} is missing or damaged ({fault}): unpack the package again."
        ) from error


def read_bounded(path: Path, largest: int) -> bytes:
    """The content of a plain file of a size that a package's may have."""
    if not path.is_file() or path.stat().st_size > largest:
        raise ValueError(f"there is no plain file of at most {largest:,} bytes")
    return path.read_bytes()


def read_json(path: Path) -> Any:
    """The content of a JSON file of the package."""
    with reading(path):
        return json.loads(read_bounded(path, LARGEST_TEXT))


def named(value: object) -> str:
    """A name out of a file of the package."""
    if NAME.fullmatch(str(value)) is None:
        raise ValueError(f"{str(value)[:100]!a} is no name")
    return str(value)


def load_decoder(path: Path) -> Decoder:
    """The decoder in a safetensors file: 8 bytes of length, a JSON header, the numbers."""
    with reading(path):
        content = read_bounded(path, LARGEST_FILE)
        start = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:start])
        model = json.loads(header.pop("__metadata__")["nbsuite"])["model"]
        tensors = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            values = np.frombuffer(content[start + begin : start + end], DTYPES[entry["dtype"]])
            short = name.replace("parametrizations.", "").replace(".original", "")
            tensors[short] = torch.from_numpy(values.reshape(entry["shape"]).copy())
        with torch.device("meta"):  # shapes alone: a header may claim any size
            due = {name: value.shape for name, value in Decoder(model).state_dict().items()}
        if due != {name: value.shape for name, value in tensors.items()}:
            raise ValueError("the tensors are not those of the decoder")
        decoder = Decoder(model).to(tensors["input.weight"].dtype)
        decoder.load_state_dict(tensors)
        return decoder.eval()


class TestSamples:
    """The official test set of a recording, handed out as one batch."""

    def __init__(self, file: Path) -> None:
        from neurobench.datasets import PrimateReaching

        data = PrimateReaching(str(file.parent), file.name, **CHALLENGE_ARGUMENTS)
        steps = min(data.samples.shape[1], data.labels.shape[1])
        test = [index for index in data.ind_test if index < steps]
        self.spikes = data.samples[:, test].T[:, None].to(torch.int8)
        self.labels = data.labels[:, test].T.double()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitems__(self, indices: range) -> tuple[Tensor, Tensor]:
        """Spikes (samples, 1, channels) and velocities (samples, 2), mm per step."""
        part = slice(indices.start, indices.stop)
        return self.spikes[part], self.labels[part]


def measure(decoder: Decoder, samples: TestSamples) -> dict[str, float]:
    """The official metrics, computed by NeuroBench's ``Benchmark``."""
    from neurobench.benchmarks import Benchmark
    from neurobench.models import TorchModel

    model = TorchModel(decoder)
    model.add_activation_module(HiddenNeurons)  # readouts have no activation
    whole: Any = [range(len(samples))]
    loader: Any = DataLoader(samples, batch_sampler=whole, collate_fn=tuple)  # type: ignore[arg-type]
    static, workload = official_metrics()
    chosen = [list(static.values()), list(workload.values())]
    with torch.no_grad():
        reported = Benchmark(model, loader, [], [], chosen).run(quiet=True)
    by_name = {
        name: reported[metric if isinstance(metric, str) else metric.__name__]
        for name, metric in {**static, **workload}.items()
    }
    operations = by_name.pop("synaptic_operations")
    return {
        **by_name,
        "dense": operations["Dense"],
        "macs": operations["Effective_MACs"],
        "acs": operations["Effective_ACs"],
    }


def official_metrics() -> tuple[dict[str, Any], dict[str, Any]]:
    """Static and workload metrics: classes since NeuroBench 2, names before."""
    footprint = {"footprint": "Footprint", "connection_sparsity": "ConnectionSparsity"}
    activity = {
        "activation_sparsity": "ActivationSparsity",
        "synaptic_operations": "SynapticOperations",
        "r2": "R2",
    }
    try:
        from neurobench.metrics import static, workload
    except ImportError:
        return {name: name for name in footprint}, {name: name for name in activity}
    return (
        {name: getattr(static, kind) for name, kind in footprint.items()},
        {name: getattr(workload, kind) for name, kind in activity.items()},
    )


def check_package() -> None:
    """Compare every file with the digest that the manifest gives."""
    manifest = ROOT / "manifest.json"
    with reading(manifest):
        digests = {name: entry["sha256"] for name, entry in read_json(manifest)["files"].items()}
        for name in digests:
            for part in name.split("/"):
                named(part)
    for name, digest in digests.items():
        with reading(ROOT / name):
            content = read_bounded(ROOT / name, LARGEST_FILE)
        if hashlib.sha256(content).hexdigest() != digest:
            raise SystemExit(f"{name} is not as it was packed: unpack the package again.")


def find_recording(folder: Path, provenance: dict[str, Any]) -> Path:
    """The recording that results were measured on."""
    data = provenance["runs"][0]["data"]
    path = folder / named(data["file"])
    if not path.is_file():
        raise SystemExit(f"{path} is not there: name the folder of the recordings with --data.")
    if data["twin"] is None and hashlib.sha256(path.read_bytes()).hexdigest() != data["sha256"]:
        raise SystemExit(f"{path} is not the file that the results were measured on.")
    return path


def agrees(metric: str, measured: float, due: float) -> bool:
    """Whether a measured number is the one that is due."""
    return abs(measured - due) <= TOLERANCES.get(metric, 0.0) * max(1.0, abs(due))


def read_claims(provenance_file: Path) -> list[tuple[str, Path, dict[str, float]]]:
    """Of each run of a results file: what it is, its checkpoint, and the results by metric."""
    claims = []
    with reading(provenance_file):
        provenance = read_json(provenance_file)
        claimed = read_json(provenance_file.parent / named(provenance["results"]))
        for index, run in enumerate(provenance["runs"]):
            model, session = (
                named(run["checkpoint"]["model"]["name"]),
                named(run["data"]["session"]),
            )
            seed = int(run["checkpoint"]["seed"])
            named(run["data"]["file"])
            if run["data"]["twin"] is None:
                named(run["data"]["sha256"])
            file = ROOT / "checkpoints" / f"{model}_{session}_seed{seed}.safetensors"
            what = f"{session}{' (TWIN)' if provenance['twin'] else ''}, seed {seed}"
            claims.append((what, file, {name: float(x[index]) for name, x in claimed.items()}))
    return claims


def evaluate(provenance_file: Path, folder: Path) -> bool:
    """Measure all checkpoints of one results file again and compare; True if all agree."""
    claims = read_claims(provenance_file)
    samples = TestSamples(find_recording(folder, read_json(provenance_file)))
    agree = True
    for what, file, claimed in claims:
        print(f"{what}:")
        for metric, value in measure(load_decoder(file), samples).items():
            due = claimed.get(metric, float("nan"))
            same = agrees(metric, value, due)
            agree = agree and same
            print(f"  {metric:20} {value:<22.16g} {'as packed' if same else f'PACKED: {due!r}'}")
        sys.stdout.flush()
    return agree


def session_of(provenance_file: Path) -> str:
    """The session that a results file is about."""
    with reading(provenance_file):
        return named(read_json(provenance_file)["runs"][0]["data"]["session"])


def main() -> None:
    """Evaluate the sessions asked for; exit status 0 only if every number agrees."""
    parser = argparse.ArgumentParser(description="Reproduce the results in this package.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the recordings (.mat)")
    parser.add_argument("--session", action="append", help="a session's file name; repeatable")
    arguments = parser.parse_args()
    check_package()
    chosen = [
        file
        for file in sorted(ROOT.glob("results/*.provenance.json"))
        if arguments.session is None or session_of(file) in arguments.session
    ]
    if not chosen:
        raise SystemExit("The package has no results of such a session.")
    agree = [evaluate(file, arguments.data) for file in chosen]
    if not all(agree):
        raise SystemExit("Some numbers are not those of the package.")
    print("All numbers are those of the package.")


if __name__ == "__main__":
    main()
