"""The neurons: their equations, layers and kernels."""
