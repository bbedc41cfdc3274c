"""Other people's weights and formats in, ours out, and back."""
