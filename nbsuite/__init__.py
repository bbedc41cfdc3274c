"""nbsuite: recurrent spiking decoders for the NeuroBench primate-reaching task."""

from pathlib import Path

from nbsuite.checkout import find_neighbours

__version__ = "0.1.0"

find_neighbours(Path(__file__).parent)
