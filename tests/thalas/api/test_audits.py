"""The audit chain over HTTP."""

import pytest

from tests.thalas.api import callers
from thalas.selectors import clock
from thalas.services import audits

pytestmark = pytest.mark.usefixtures("house")
HERE = "/api/v1/audit"


def test_entries_are_told_in_pages_the_newest_first() -> None:
    client = callers.client(callers.key("audit:read").shown)
    for number in range(3):
        audits.append(actor="Ann", action=f"act.{number}", details={"number": number}, now=clock.now())
    page = client.get(HERE, {"limit": 2}).json()
    assert [row["action"] for row in page["entries"]] == ["act.2", "act.1"]
    assert page["entries"][0]["prev_sha256"] == page["entries"][1]["sha256"]
    rest = client.get(HERE, {"limit": 2, "before": page["older"]}).json()
    assert rest["entries"][0]["action"] == "act.0"


def test_only_its_own_scope_opens_it() -> None:
    assert callers.client(callers.key("runs:read").shown).get(HERE).status_code == 403
