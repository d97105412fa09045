"""Every write in the admin is an entry in the audit chain, in one transaction with it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import IntegrityError
from django.db.models import signals
from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from tests import caps
from tests.thalas.admin.clients import refused, saved, sign_in
from tests.thalas.admin.test_accounts import ACCOUNT, LIMITS, SWITCH
from tests.thalas.admin.test_schedules import ADD, TYPED
from tests.thalas.admin.test_voters import VOTER
from tests.thalas.dashboard import factories
from thalas import models
from thalas.admin.audited import AuditedAdmin
from thalas.selectors import audits
from thalas.services import audits as writing

WATCHLISTS = "/admin/thalas/watchlist/"
TASKS = "/admin/django_celery_beat/periodictask/"
PASSWORD = "a-long-one-of-chance-83"


@pytest.fixture
def keeper(db: None) -> Client:
    """A browser in which somebody called keeper is signed in."""
    factories.demo_account()
    factories.voter("trend")
    models.Watchlist.objects.create(name="coins", symbols=["BTC/USD", "LTC/USD"])
    models.KillSwitch.objects.update_or_create(
        pk=1, defaults={"state": "released", "changed_at": factories.NOW}
    )
    return sign_in(User.objects.create(username="keeper", is_staff=True, is_superuser=True))


def told() -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the chain says, the oldest first; it is whole, and all of it was done by keeper."""
    assert audits.verify().broken == ()
    rows = models.AuditEntry.objects.order_by("seq")
    assert {row.actor for row in rows} <= {"keeper"}
    return [(row.action, row.target, row.details) for row in rows]


def test_every_page_of_the_admin_is_audited() -> None:
    assert admin.site._registry
    for model, page in admin.site._registry.items():
        assert isinstance(page, AuditedAdmin), f"{model} can be changed in the admin without an entry"


def test_edits_are_told_with_the_values_before_and_after(keeper: Client) -> None:
    saved(keeper, VOTER, {"weight": "2.5", "is_enabled": "on"})
    caps.allow_usd(1, provider="analyst")
    cap = models.BudgetCap.objects.get()
    saved(keeper, f"/admin/thalas/budgetcap/{cap.pk}/change/", {"at_most": "2.50"})
    saved(keeper, ACCOUNT, LIMITS | {"max_position_pct": "15"})
    saved(keeper, f"{WATCHLISTS}coins/change/", {"symbols": "BTC/USD"})
    edits = told()
    assert edits[0] == ("voter.edit", "trend", {"weight": ["1.0", "2.5"]})
    assert edits[1] == ("budgetcap.edit", str(cap.pk), {"at_most": ["1", "2.50"]})
    assert edits[2][:2] == ("account.edit", "demo")
    assert edits[2][2]["min_agreement"] == ["0.55", "0.6"]
    assert edits[3] == (
        "watchlist.edit",
        "coins",
        {"symbols": [["BTC/USD", "LTC/USD"], ["BTC/USD"]]},
    )


def test_what_is_made_and_deleted_is_told_with_its_values(keeper: Client) -> None:
    saved(keeper, ADD, TYPED)
    saved(keeper, "/admin/thalas/schedule/mine/delete/", {"post": "yes"})
    (made, _, given), (deleted, target, values) = told()
    assert (made, given["watchlist"], given["name"]) == ("schedule.create", "coins", "mine")
    assert (deleted, target, values["why"]) == ("schedule.delete", "mine", "to see it work")


def test_each_row_of_a_bulk_deletion_is_told(keeper: Client) -> None:
    models.Watchlist.objects.create(name="one-more", symbols=["BTC/USD"])
    typed = {"action": "delete_selected", "_selected_action": ["coins", "one-more"]}
    assert keeper.post(WATCHLISTS, typed).status_code == 200  # it asks first
    assert told() == []
    saved(keeper, WATCHLISTS, {**typed, "post": "yes"})
    assert not models.Watchlist.objects.exists()
    assert sorted(entry[:2] for entry in told()) == [
        ("watchlist.delete", "coins"),
        ("watchlist.delete", "one-more"),
    ]


def test_what_is_edited_in_a_list_is_told(keeper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page = admin.site._registry[models.Voter]
    monkeypatch.setattr(page, "list_editable", ["weight"])
    typed = {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-name": "trend",
        "form-0-weight": "3",
        "_save": "Save",
    }
    saved(keeper, "/admin/thalas/voter/", typed)
    assert told() == [("voter.edit", "trend", {"weight": ["1.0", "3.0"]})]


def test_an_action_is_told_with_the_rows_it_was_done_with(keeper: Client) -> None:
    every = IntervalSchedule.objects.create(every=5, period="seconds")
    names = ("x", "y", "z")
    rows = [PeriodicTask.objects.create(name=name, task="t", interval=every) for name in names]
    chosen = [str(row.pk) for row in rows[:2]]
    saved(keeper, TASKS, {"action": "disable_tasks", "_selected_action": chosen})
    assert [row.enabled for row in PeriodicTask.objects.filter(name__in=names).order_by("name")] == [
        False,
        False,
        True,
    ]
    ((action, _, details),) = told()
    assert (action, sorted(details["rows"])) == ("periodictask.disable_tasks", sorted(chosen))


def test_what_a_service_tells_is_not_told_twice(keeper: Client) -> None:
    saved(keeper, SWITCH, {"state": "engaged", "reason": "prices look wrong"})
    assert [entry[0] for entry in told()] == ["kill_switch.trip"]


def test_people_are_told_of_and_no_password_is(keeper: Client) -> None:
    typed = {"username": "new", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    saved(keeper, "/admin/auth/user/add/", typed)
    made = User.objects.get(username="new")
    saved(keeper, f"/admin/auth/user/{made.pk}/password/", {**typed, "set-password": "yes"})
    group = Group.objects.create(name="desk")
    change = {
        "username": "new",
        "groups": [str(group.pk)],
        "date_joined_0": "2026-01-01",
        "date_joined_1": "0:00",
    }
    saved(keeper, f"/admin/auth/user/{made.pk}/change/", change)
    entries = told()
    assert [entry[:2] for entry in entries] == [
        ("user.create", str(made.pk)),
        ("user.edit", str(made.pk)),
        ("user.edit", str(made.pk)),
    ]
    assert entries[0][2]["username"] == "new"
    assert entries[1][2] == {"password": "[not kept]"}
    assert entries[2][2]["groups"] == [[], [group.pk]]
    assert PASSWORD not in str(entries)
    assert made.password not in str(entries)


def test_a_person_s_own_new_password_is_told_of_and_not_told(keeper: Client) -> None:
    person = User.objects.get()
    person.set_password(PASSWORD)
    person.save()
    keeper.force_login(person)
    other = PASSWORD[::-1]
    typed = {"old_password": PASSWORD, "new_password1": other, "new_password2": other}
    page = "/admin/password_change/"
    assert keeper.get(page).status_code == 200
    assert keeper.post(page, {**typed, "old_password": "wrong"}).status_code == 200
    assert told() == []
    assert keeper.post(page, typed)["Location"] == "/admin/password_change/done/"
    person.refresh_from_db()
    assert person.check_password(other)
    assert keeper.get("/admin/").status_code == 200  # still signed in
    assert told() == [("user.edit", str(person.pk), {"password": "[not kept]"})]


def test_what_is_refused_or_only_looked_at_is_not_told(keeper: Client) -> None:
    refused(keeper, VOTER, {"weight": "-1"})
    for path in (VOTER, WATCHLISTS, f"{WATCHLISTS}coins/delete/"):
        assert keeper.get(path).status_code == 200
    assert told() == []


WRITES: dict[str, Callable[[Client], None]] = {
    "an edit": lambda browser: saved(browser, f"{WATCHLISTS}coins/change/", {"symbols": "BTC/USD"}),
    "a deletion": lambda browser: saved(browser, f"{WATCHLISTS}coins/delete/", {"post": "yes"}),
    "a bulk deletion": lambda browser: saved(
        browser, WATCHLISTS, {"action": "delete_selected", "_selected_action": ["coins"], "post": "yes"}
    ),
}


@pytest.mark.parametrize("what", WRITES)
def test_nothing_is_written_without_its_entry(keeper: Client, what: str) -> None:
    writing.append(actor="keeper", action="a.test", now=factories.NOW)
    models.AuditHead.objects.update(seq=0)  # so that the number of the next entry is taken
    with pytest.raises(IntegrityError):
        WRITES[what](keeper)
    assert models.Watchlist.objects.get().symbols == ["BTC/USD", "LTC/USD"]


def test_no_entry_is_made_without_its_write(keeper: Client) -> None:
    def broken(**_: object) -> None:
        raise IntegrityError("the row cannot be deleted")

    signals.pre_delete.connect(broken, sender=models.Watchlist)
    try:
        with pytest.raises(IntegrityError):
            WRITES["a deletion"](keeper)
    finally:
        signals.pre_delete.disconnect(broken, sender=models.Watchlist)
    assert told() == []
