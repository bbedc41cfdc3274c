"""nbsuite: recurrent spiking decoders for the NeuroBench primate-reaching task."""

from pathlib import Path

__version__ = "0.1.0"

# Installed, the command line and its like are folders of this one. In a checkout they stand beside
# it, and are found there, so that Python may be started in its root (docs/decisions/0001).
_checkout = Path(__file__).parent.parent
if (_checkout / "setup.py").is_file() and (_checkout / "cli" / "__init__.py").is_file():
    __path__.append(str(_checkout))
