"""Every test of a command has a wide terminal, and may ask for workers."""

from tests.thalas.management.terminals import wide, workers

__all__ = ["wide", "workers"]
