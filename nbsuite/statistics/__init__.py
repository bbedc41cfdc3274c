"""How far a figure can be trusted: confidence intervals of R2, and differences between decoders."""
