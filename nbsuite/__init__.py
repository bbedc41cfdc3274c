"""nbsuite: recurrent spiking decoders for the NeuroBench primate-reaching task."""

__version__ = "0.1.0"
