"""The numba kernel for inference."""
