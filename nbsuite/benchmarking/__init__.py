"""NeuroBench's official metrics, computed exactly and fast."""
