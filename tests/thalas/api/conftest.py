"""Every test of the API starts with nothing counted against anybody."""

import pytest

from thalas.api import limits


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    """Forget who has knocked in earlier tests."""
    limits.windows.cache_clear()
