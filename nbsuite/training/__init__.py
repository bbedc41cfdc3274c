"""How decoders are trained: the published recipe and its parts."""
