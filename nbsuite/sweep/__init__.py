"""Studies: many models, sessions, seeds and recipes as one graph of tasks, run on a cluster."""
