"""Dead letters back onto the topics they came from: once, and only those that are messages now."""
