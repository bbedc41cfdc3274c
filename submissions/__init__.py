"""Challenge-format results and all that is made of them."""
