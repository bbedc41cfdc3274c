"""NeuroBench's baselines for the primate-reaching task."""
