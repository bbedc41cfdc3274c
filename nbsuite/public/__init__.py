"""The public functions, which ``import nbsuite`` gives; docs/api.md says what is promised."""
