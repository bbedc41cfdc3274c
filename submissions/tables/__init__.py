"""Tables of results: the published ones and the leaderboard."""
