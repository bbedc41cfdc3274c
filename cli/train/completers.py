"""What a shell offers for models, settings and stages."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def complete_model(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Families of decoders and ``ridge``; files once it looks like a path."""
    from nbsuite.tasks.known import means_a_path
    from nbsuite.training.families import FAMILIES

    del ctx, parameter
    if means_a_path(incomplete):
        return [CompletionItem(incomplete, type="file")]
    names = [*FAMILIES, "ridge"]
    return [CompletionItem(name) for name in names if _begins(name, incomplete)]


def complete_setting(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Keys of the recipe and of the network, with the equals sign that follows."""
    from nbsuite.training.families import all_keys

    del ctx, parameter
    return [CompletionItem(f"{key}=") for key in all_keys() if _begins(key, incomplete)]


def complete_stages(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The stages that are not named yet, after those that are."""
    from nbsuite.training.stage_task import STAGES

    del ctx, parameter
    before, comma, last = incomplete.rpartition(",")
    left = [stage for stage in STAGES if stage not in before.split(",")]
    return [CompletionItem(f"{before}{comma}{stage}") for stage in left if _begins(stage, last)]


def _begins(name: str, incomplete: str) -> bool:
    return name.lower().startswith(incomplete.lower())
