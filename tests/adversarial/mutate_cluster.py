"""Cluster files that name something else than a class of Dask's: what would run code, or end it."""

from __future__ import annotations

import json
from random import Random

from tests.adversarial.mutant import Mutant

_CALLS: tuple[tuple[str, dict[str, object]], ...] = (
    ("os.system", {"command": "touch pwned"}),
    ("os.mkdir", {"path": "pwned"}),
    ("os._exit", {"status": 0}),
    ("os.abort", {}),
    ("subprocess.Popen", {"args": ["touch", "pwned"]}),
    ("subprocess.run", {"args": ["touch", "pwned"]}),
    ("shutil.rmtree", {"path": "in"}),
    ("pathlib.Path", {}),
    ("sys.exit", {}),
    ("time.sleep", {"secs": 60}),
    ("builtins.exec", {}),
    ("builtins.input", {}),
    ("nbsuite.cli.main.main", {"args": ["demo"]}),
    ("this.s", {}),
    ("distributed", {}),
    ("distributed.utils_test", {}),
    ("distributed.Client", {"address": "tcp://127.0.0.1:1", "timeout": 0.1}),
    ("nbsuite.x", {}),
)


def name_another_class(_content: bytes, rng: Random) -> Mutant:
    """A call of anything that can be imported, with arguments of its own."""
    name, options = rng.choice(_CALLS)
    lines = [f'class = "{name}"', "workers = 2", "[options]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in options.items()]
    return Mutant(f"class: {name}", "\n".join(lines).encode(), wrong=True)
