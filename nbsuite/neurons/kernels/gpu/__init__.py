"""The triton kernel: training on a GPU in a few launches a batch, whatever the windows' length."""
