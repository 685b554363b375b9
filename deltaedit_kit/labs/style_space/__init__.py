"""The style space under your fingers: one channel turned, and what the oracle reads."""
