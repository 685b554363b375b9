"""Thousands of damaged and nonsensical inputs against everything that the kit reads.

    python -m benchmarks.fuzz                    300 cases a surface -> docs/reliability.md
    python -m benchmarks.fuzz --cases 5000 --only recipes captions --seed 7

    surfaces   what is read, and a generator of cases for it
    damage     how a case is spoilt      mild   how it is changed a little and may still be right
    harness    a case in a child process: right, one line, traceback, crash, hang, above 1 GB

A case is decided by (surface, seed, number), so one that fails is met again by its number.
"""
