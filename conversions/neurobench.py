"""NeuroBench's baselines from the weights published with them.

A file is the state dict of one of NeuroBench's example networks, or holds one under
``model_state_dict``. Its tensors have the names that ours have; which of the four networks it is
follows from them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from nbsuite.conversions.origin import agreed, check_channels, converted
from nbsuite.conversions.torch_file import read_state_dict
from nbsuite.data.sessions import PUBLIC_SESSIONS, Session
from nbsuite.errors import ConversionError, UsageError
from nbsuite.files import digest
from nbsuite.models.baselines.sizes import PARTED
from nbsuite.models.baselines.spec import BASELINE_NAMES, BaselineSpec
from nbsuite.models.checkpoint import CheckpointHeader
from nbsuite.models.decoder import Decoder
from nbsuite.suggestions import did_you_mean
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

_ENTRY = "model_state_dict"
_FIRST = "fc1.weight"
_SESSION = re.compile(r"(indy|loco)_\d{8}_\d{2}")
_USUAL_CHANNELS = {session.channels for session in PRIMATE_REACHING.sessions}


def read_neurobench(
    path: Path, *, model: str | None = None, session: Session | None = None
) -> tuple[Decoder, CheckpointHeader]:
    """Read weights of one of NeuroBench's baselines; nothing in the file is ever executed.

    Args:
        path: the file. A published name such as ``SNN2_indy_20160622_01.pt`` tells the session.
        model: ``SNN2``, ``SNN3``, ``ANN2D`` or ``ANN3D``; by default whichever the tensors tell.
        session: the session the weights were trained for.

    Returns:
        The decoder in evaluation mode, and its header.

    Raises:
        ConversionError: the file cannot be read, is not one of such a network, or contradicts its
            name, ``model`` or ``session``.
        UsageError: ``model`` is unknown.
    """
    wanted = None if model is None else _canonical(model)
    state = read_state_dict(path, entry=_ENTRY)
    session = agreed("session", session, _told_by_name(path), path)
    spec = _recognise(state, wanted, session, path)
    check_channels(spec, session, path)
    header = CheckpointHeader(
        spec,
        session=None if session is None else session.name,
        source={"format": "neurobench", "file": path.name, "sha256": digest(path)},
    )
    return converted(spec, state, path), header


def _canonical(model: str) -> str:
    known = {name.lower(): name for name in BASELINE_NAMES}
    if model.lower() in known:
        return known[model.lower()]
    hint = did_you_mean(model, BASELINE_NAMES)
    raise UsageError(f"NeuroBench has no baseline '{model}'; {hint}")


def _told_by_name(path: Path) -> Session | None:
    found = _SESSION.search(path.name)
    if found is None:
        return None
    return next((each for each in PUBLIC_SESSIONS if each.name == found[0]), None)


def _recognise(
    state: Mapping[str, Tensor], wanted: str | None, session: Session | None, path: Path
) -> BaselineSpec:
    """The network that a state dict is of.

    ANN2D and ANN3D differ in the number of inputs only: one a channel, or one a channel and part.
    """
    weight = state.get(_FIRST)
    if weight is None or weight.ndim != 2 or 0 in weight.shape:
        raise ConversionError(
            f"{path} has no matrix '{_FIRST}', which every baseline of NeuroBench's has; "
            f"pass weights of {', '.join(BASELINE_NAMES)}."
        )
    inputs = weight.shape[1]
    names = _names(state, inputs, session)
    if wanted is not None and wanted in names:
        names = [wanted]
    if not names or wanted not in (None, names[0]):
        found = f"those of {names[0]}" if names else "those of none of NeuroBench's baselines"
        raise ConversionError(
            f"The tensors of {path} are {found}{f', not of {wanted}' if wanted else ''}; "
            "pass the weights as NeuroBench published them."
        )
    if len(names) > 1:
        raise ConversionError(
            f"{path} may be an ANN2D of {inputs} channels or an ANN3D of "
            f"{inputs // PARTED.parts}; name it with --model or its session with --session."
        )
    parted = names[0] == "ANN3D"
    return BaselineSpec(names[0], inputs // PARTED.parts if parted else inputs)


def _names(state: Mapping[str, Tensor], inputs: int, session: Session | None) -> list[str]:
    """The networks that a state dict may be of, the likelier first."""
    if "fc_out.weight" in state:
        return ["SNN2"]
    if "norm_layer.weight" in state:
        return ["SNN3"]
    if "batchnorm1.weight" not in state:
        return []
    usual = _USUAL_CHANNELS if session is None else {session.channels}
    possible = {"ANN2D": inputs}
    if inputs % PARTED.parts == 0:
        possible["ANN3D"] = inputs // PARTED.parts
    likely = [name for name, channels in possible.items() if channels in usual]
    # No size fits the session: the one that is left over will be refused for its channels.
    return likely or list(possible)[-1 if session else 0 :]
