"""All kinds: the list of what is attacked."""

from __future__ import annotations

from tests.adversarial import attacks_own, attacks_results, attacks_runs, attacks_weights
from tests.adversarial.attacks_names import make_named
from tests.adversarial.attacks_server import make_download
from tests.adversarial.kinds import Kind

KINDS = (
    *attacks_weights.KINDS,
    *attacks_results.KINDS,
    *attacks_runs.KINDS,
    *attacks_own.KINDS,
    Kind("server", 8, make_download),
    Kind("name", 6, make_named),
)
