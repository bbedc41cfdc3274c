"""Random seeds, as files hold them."""

LARGEST_SEED = 2**63 - 1
"""The largest that every reader of files takes: of results, checkpoints and twins alike."""
