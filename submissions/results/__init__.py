"""Results files: written, read, named and compared."""
