"""What the published study costs: two models, two monkeys, five seeds.

For each model, monkey and seed: 100 epochs on all public sessions of the monkey with as many
channels (30 of Indy, 10 of Loco), then for each of three sessions 200 epochs of fine-tuning, for
tinyRSNN four sparsities of pruning with 100 epochs each (as in those published models of which
half the weights were removed), and NeuroBench's benchmark. Sessions of unknown length are taken to
be as long as the challenge's six on average.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scaling_points import BASE
from scaling_tables import Figures, TextTable, base_row, models_of

from nbsuite.data.sessions import Session
from nbsuite.data.twins.plan import plan_twin
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.training.families import find_family
from nbsuite.training.recipe import Recipe
from nbsuite.training.windows import TRAINING_AND_VALIDATION

SEEDS = 5
SPARSITIES = {"tinyRSNN": 4, "bigRSNN": 0}
CHANNELS: Mapping[str, int] = {"indy": 96, "loco": 192}
STAGES = ("pretrain", "finetune", "prune", "benchmark")
CORES = (1, 2, 16)
PUBLISHED_HOURS = {"tinyRSNN": 6.0, "bigRSNN": 12.0}
"""Of one seed on an NVIDIA RTX A4000: README of github.com/fmi-basel/neural-decoding-RSNN."""
CARD_WATTS = 140.0
"""The most that an RTX A4000 draws, by its data sheet."""
HOUR = 3600.0


def windows_of(session: Session, recipe: Recipe) -> int:
    """Training windows that a session of known or average length gives."""
    lengths = {each.name: plan_twin(each, fraction=1.0).steps for each in PRIMATE_REACHING.sessions}
    steps = lengths.get(session.name, sum(lengths.values()) / len(lengths))
    cut = recipe.windows
    held_out = cut.validation_share / TRAINING_AND_VALIDATION
    samples = int(steps * (TRAINING_AND_VALIDATION - held_out))
    return sum((samples - offset) // cut.steps for offset in range(0, cut.steps, cut.offset_steps))


def rate(figures: Figures, model: str, monkey: str) -> float:
    """Steps a second that a model is trained at on one thread."""
    row = base_row(figures, replace(BASE[model], channels=CHANNELS[monkey]))
    return float(row["windows"] * row["steps"] / row["seconds"])


def hours(figures: Figures, model: str, monkey: str) -> dict[str, list[float]]:
    """Processor hours of a seed's tasks, by stage: one to pretrain, then one a session."""
    recipe, speed = find_family(model).recipe, rate(figures, model, monkey)
    tested = next(row for row in figures["evaluations"] if row["model"] == model)
    own = [session for session in PRIMATE_REACHING.sessions if session.subject == monkey]

    def training(windows: int, epochs: int) -> float:
        return windows * recipe.windows.steps * epochs / speed / HOUR

    public = sum(windows_of(each, recipe) for each in PRIMATE_REACHING.pretraining(own[0]))
    windows = [windows_of(session, recipe) for session in own]
    pruned = SPARSITIES[model] * recipe.prune.epochs
    samples = [session.test_steps or 0 for session in own]
    return {
        "pretrain": [training(public, recipe.pretrain.epochs)],
        "finetune": [training(each, recipe.finetune.epochs) for each in windows],
        "prune": [training(each, pruned) for each in windows],
        "benchmark": [each / tested["steps_per_second"] / HOUR for each in samples],
    }


def seed_table(figures: Figures) -> TextTable:
    """Processor hours of a seed, by stage."""
    rows = []
    for model in models_of(figures):
        for monkey in CHANNELS:
            stages = hours(figures, model, monkey)
            sums = [sum(stages[stage]) for stage in STAGES]
            speed = f"{rate(figures, model, monkey):,.0f}"
            energy = f"{sum(sums) * figures['watts_per_core'] / 1e3:.3f}"
            cells = [f"{each:.2f}" if each >= 0.005 else f"{each:.1g}" for each in sums]
            rows.append([model, monkey, speed, *cells, f"{sum(sums):.2f}", energy])
    columns = ["model", "monkey", "steps/s", *(f"{stage}, h" for stage in STAGES), "in all, h"]
    return TextTable([*columns, "kWh (estimate)"], rows, words=2)


def study_table(figures: Figures) -> TextTable:
    """The whole study: hours on several numbers of cores, and energy."""
    works, chains = {}, {}
    for model in models_of(figures):
        seed = [hours(figures, model, monkey) for monkey in CHANNELS]
        works[model] = SEEDS * sum(sum(map(sum, stages.values())) for stages in seed)
        chains[model] = max(map(_chain, seed))
    works["in all"], chains["in all"] = sum(works.values()), max(chains.values())
    rows = []
    for name, work in works.items():
        elapsed = [f"{max(work / cores, chains[name]):.1f}" for cores in CORES]
        energy = f"{work * figures['watts_per_core'] / 1e3:.2f}"
        rows.append([name, *elapsed, f"{chains[name]:.1f}", energy])
    columns = ["study of", *(f"{n} core{'s' * (n > 1)}, h" for n in CORES), "longest chain, h"]
    return TextTable([*columns, "kWh (estimate)"], rows)


def published_table(figures: Figures) -> TextTable:
    """A seed of both monkeys here and as published."""
    rows = []
    for model in models_of(figures):
        work = sum(sum(map(sum, hours(figures, model, monkey).values())) for monkey in CHANNELS)
        watts, card = figures["watts_per_core"], PUBLISHED_HOURS[model]
        energies = [f"{work * watts / 1e3:.2f}", f"{card:g}", f"{card * CARD_WATTS / 1e3:.2f}"]
        rows.append([model, f"{work:.1f}", *energies])
    columns = ["a seed of", "one core, h", "kWh (estimate)", "RTX A4000, h (published)"]
    return TextTable([*columns, "kWh at most, card alone"], rows)


def _chain(stages: Mapping[str, list[float]]) -> float:
    """Hours of the longest way through a seed's tasks."""
    after = zip(*(stages[stage] for stage in STAGES[1:]), strict=True)
    return stages["pretrain"][0] + max(map(sum, after))
