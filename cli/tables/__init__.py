"""``nbsuite table``, ``leaderboard`` and ``compare``."""
