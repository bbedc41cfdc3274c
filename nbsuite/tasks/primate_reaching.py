"""NeuroBench's primate reaching, the task of the IEEE BioCAS 2024 Grand Challenge.

The velocity of a monkey's hand is decoded from spikes in its motor cortex, at every sample of 4 ms.
Results are reported on six sessions of Zenodo record 583331; its other sessions serve to pretrain.
"""

from __future__ import annotations

from nbsuite.data.mat_format import SAMPLE_SECONDS
from nbsuite.data.sessions import PUBLIC_SESSIONS
from nbsuite.data.task import Output, Task

PRIMATE_REACHING = Task(
    name="primate-reaching",
    version=1,
    step=SAMPLE_SECONDS,
    outputs=(Output("x", "mm per step"), Output("y", "mm per step")),
    sessions=tuple(session for session in PUBLIC_SESSIONS if session.id is not None),
    other_sessions=tuple(session for session in PUBLIC_SESSIONS if session.id is None),
)
