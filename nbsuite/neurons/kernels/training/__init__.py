"""The numba kernel for training."""
