"""Whether measuring again would give a result that is there."""

from __future__ import annotations

import json
from typing import Any

from nbsuite.benchmarking.jobs import Job
from nbsuite.benchmarking.own_code import OwnCode
from nbsuite.benchmarking.provenance import versions
from nbsuite.benchmarking.quantities import QUANTITIES, TIMING
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.session import RunSettings

_OWN = ("own_metrics", "processing")


def is_result_of(result: BenchmarkResult, job: Job, settings: RunSettings, own: OwnCode) -> bool:
    """Whether a result is of the same weights, data, metrics, settings and NeuroBench.

    Args:
        result: a result, as its provenance tells it.
        job: what would be measured.
        settings: how.
        own: the metrics and processors of the settings, loaded.
    """
    told, header = result.provenance, job.checkpoint.header
    metrics = {key for key, each in QUANTITIES.items() if each.metric_name in settings.metrics}
    metrics |= {each.quantity.key for each in own.metrics}
    always = {each.key for each in TIMING}
    try:
        run = told["run"]
        same_kernel = run["kernel"] == job.checkpoint.decoder.choose_kernel(settings.kernel)
        return bool(
            told["checkpoint"]["weights_sha256"] == job.checkpoint.digest
            and told["checkpoint"]["model"] == _as_read(header.spec.to_json())
            and result.seed == header.seed
            and result.task == job.recording.task.protocol
            and told["checkpoint"]["trained_on"] == _as_read(header.trained_on.to_json())
            and told["data"]["sha256"] == job.recording.digest
            and told["data"]["session"] == job.recording.session.name
            and result.values.keys() - always == metrics - always
            and {key: told[key] for key in _OWN if key in told} == _as_read(own.to_json())
            and run["per_step"] is settings.per_step
            and (same_kernel or settings.per_step)
            and _kind(run["device"]) == _kind(settings.device)
            and told["versions"]["neurobench"] == versions()["neurobench"]
        )
    except (KeyError, TypeError, AttributeError):  # an old or a strange provenance
        return False


def _as_read(content: Any) -> Any:
    """JSON values as they are read again."""
    return json.loads(json.dumps(content))


def _kind(device: str) -> str:
    return device.partition(":")[0]
