"""Seeded workloads, the answers they must give, and what they cost: here and on other engines."""
