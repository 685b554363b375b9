"""Measurements that print their numbers: `python -m benchmarks.NAME`."""
