"""The live house of the process tests is the house at whose door strangers knock."""

from tests.processes.conftest import fleet, live_house

__all__ = ["fleet", "live_house"]
