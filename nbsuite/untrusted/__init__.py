"""What comes from strangers: read with bounds, checked, and shown without harm."""
