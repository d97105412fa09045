"""The audit chain: every writer waits its turn, and whatever is done to the rows afterwards is found."""

import hashlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection, transaction

from tests.seeds import moment
from thalas import models
from thalas.domain import chains
from thalas.errors import BadInput
from thalas.selectors import audits as reading
from thalas.services import audits

NOW = moment(2026, 3, 1, 12)
WRITERS = 50
EACH = 4


@pytest.fixture(autouse=True)
def no_anchors() -> None:
    """Start without what other tests have anchored."""
    reading.anchors_file().unlink(missing_ok=True)


def grow(entries: int) -> None:
    """Append *entries* entries, each a second after the one before."""
    for number in range(entries):
        audits.append(
            actor="key 4f2a",
            action="voter.changed",
            target=f"voter {number}",
            details={"weight": ["1.0", "2.0"], "number": number},
            now=NOW + timedelta(seconds=number),
        )


@pytest.mark.django_db
def test_entries_are_numbered_from_one_and_each_holds_the_hash_of_the_one_before() -> None:
    grow(3)
    rows = list(models.AuditEntry.objects.order_by("seq"))
    assert [row.seq for row in rows] == [1, 2, 3]
    assert rows[0].prev_sha256 == "0" * 64
    assert [row.prev_sha256 for row in rows[1:]] == [row.sha256 for row in rows[:-1]]
    head = models.AuditHead.objects.get()
    assert (head.seq, head.sha256) == (3, rows[-1].sha256)


@pytest.mark.django_db
def test_the_hash_is_that_of_the_fields_as_anybody_can_compute_it() -> None:
    entry = audits.append(actor="Ann", action="kill_switch.trip", details={"b": 1, "a": None}, now=NOW)
    text = f'[1,"2026-03-01T12:00:00+00:00","Ann","kill_switch.trip","",{{"a":null,"b":1}},"{"0" * 64}"]'
    assert entry.sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.django_db
def test_a_chain_that_nobody_touched_is_whole() -> None:
    assert reading.verify() == reading.Report(0, 0, ())
    grow(20)
    audits.anchor(now=NOW)
    assert reading.verify() == reading.Report(20, 1, ())


@pytest.mark.django_db
def test_whatever_is_told_comes_back_unchanged_and_the_chain_stays_whole() -> None:
    details = {
        "money": Decimal("0.10"),
        "huge": 1e16,
        "tiny": 1e-7,
        "big": 2**70,
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "text": "é\x00\ud800 \U0001f600",
        "set": {"b", "a"},
        "deep": {"list": [1, True, None, {"x": 0.1}]},
    }
    kept = audits.append(actor="Ann\x00", action="a", target="t" * 300, details=details, now=NOW)
    stored = models.AuditEntry.objects.get()
    assert stored.details == kept.details
    assert stored.details["deep"] == {"list": [1, True, None, {"x": "0.1"}]}
    assert stored.details["set"] == ["a", "b"]
    assert stored.details["money"] == "0.10"
    assert not reading.verify().broken


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["secret", "client_secret", "password", "api_key", "key", "access_token"])
def test_a_value_under_a_secrets_name_is_not_kept(name: str) -> None:
    entry = audits.append(actor="Ann", action="a", details={"deep": [{name: "canary"}]}, now=NOW)
    assert "canary" not in str(entry.details)


@pytest.mark.django_db
@pytest.mark.parametrize("blank", ["actor", "action"])
def test_an_entry_without_who_or_what_is_refused(blank: str) -> None:
    with pytest.raises(BadInput, match=blank):
        audits.append(**{"actor": "Ann", "action": "a", blank: " "}, now=NOW)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_the_transaction_that_it_is_about() -> None:
    grow(1)
    with transaction.atomic():
        audits.append(actor="Ann", action="undone", now=NOW)
        transaction.set_rollback(True)
    grow(1)
    assert list(models.AuditEntry.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2]
    assert not reading.verify().broken


@pytest.mark.django_db(transaction=True)
def test_fifty_writers_at_once_make_one_chain_without_a_gap() -> None:
    # SQLite's writers queue for the file by trying again, so that fifty at once can wait for too long.
    writers = WRITERS if connection.vendor == "postgresql" else 8
    gate = Barrier(writers)

    def write() -> None:
        gate.wait(timeout=60)
        for _ in range(EACH):
            grow(1)
            connection.close()  # given back: fifty writers share the few connections of the pool

    with ThreadPoolExecutor(writers) as pool:
        for future in [pool.submit(write) for _ in range(writers)]:
            future.result()
    rows = models.AuditEntry.objects.order_by("seq").values_list("seq", flat=True)
    assert list(rows) == list(range(1, writers * EACH + 1))
    assert not reading.verify().broken


def _edit(dice: random.Random, last: int) -> None:
    field, value = dice.choice(
        [
            ("actor", "Mallory"),
            ("action", "nothing"),
            ("target", "elsewhere"),
            ("details", {"weight": ["1.0", "1.0"]}),
            ("at", NOW - timedelta(microseconds=1)),
            ("prev_sha256", "f" * 64),
            ("sha256", "e" * 64),
        ]
    )
    models.AuditEntry.objects.filter(seq=dice.randint(1, last)).update(**{field: value})


def _edit_with_its_hash(dice: random.Random, last: int) -> None:
    row = models.AuditEntry.objects.get(seq=dice.randint(1, last))
    row.actor = "Mallory"
    row.sha256 = chains.digest(_link(row))
    row.save()


def _delete(dice: random.Random, last: int) -> None:
    models.AuditEntry.objects.filter(seq=dice.randint(1, last)).delete()


def _swap(dice: random.Random, last: int) -> None:
    one, other = dice.sample(range(1, last + 1), 2)
    first, second = models.AuditEntry.objects.get(seq=one), models.AuditEntry.objects.get(seq=other)
    first.seq, second.seq = other, one
    first.save()
    second.save()


def _insert(dice: random.Random, last: int) -> None:
    head = models.AuditHead.objects.get()
    row = models.AuditEntry(
        seq=last + dice.choice([1, 2]), at=NOW, actor="Mallory", action="a", prev_sha256=head.sha256
    )
    row.sha256 = chains.digest(_link(row))
    row.save()


def _insert_within(dice: random.Random, last: int) -> None:
    at = dice.randint(1, last)
    for row in models.AuditEntry.objects.filter(seq__gte=at).order_by("-seq"):
        models.AuditEntry.objects.filter(seq=row.seq).update(seq=row.seq + 1)
    row = models.AuditEntry(seq=at, at=NOW, actor="Mallory", action="a", prev_sha256="0" * 64)
    row.sha256 = chains.digest(_link(row))
    row.save()


def _truncate(dice: random.Random, last: int) -> None:
    models.AuditEntry.objects.filter(seq__gt=dice.randint(0, last - 1)).delete()


def _cut_off_the_front(dice: random.Random, last: int) -> None:
    models.AuditEntry.objects.filter(seq__lte=dice.randint(1, last)).delete()


def _truncate_with_the_head(dice: random.Random, last: int) -> None:
    _truncate(dice, last)
    end = models.AuditEntry.objects.order_by("-seq").first()
    models.AuditHead.objects.update(seq=end.seq if end else 0, sha256=end.sha256 if end else chains.GENESIS)


def _forget_everything(_dice: random.Random, _last: int) -> None:
    models.AuditEntry.objects.all().delete()
    models.AuditHead.objects.all().delete()


def _take_the_head_away(_dice: random.Random, _last: int) -> None:
    models.AuditHead.objects.all().delete()


def _take_the_head_and_wait(dice: random.Random, last: int) -> None:
    _truncate(dice, last)
    models.AuditHead.objects.all().delete()
    grow(1)


def _move_the_head(dice: random.Random, last: int) -> None:
    models.AuditHead.objects.update(seq=dice.randint(0, last - 1))


def _rewrite_everything_from_somewhere(dice: random.Random, last: int) -> None:
    at = dice.randint(1, last)
    before = models.AuditEntry.objects.filter(seq=at - 1).first()
    prev = before.sha256 if before else chains.GENESIS
    for row in models.AuditEntry.objects.filter(seq__gte=at).order_by("seq"):
        row.actor, row.prev_sha256 = "Mallory", prev
        row.sha256 = prev = chains.digest(_link(row))
        row.save()
    models.AuditHead.objects.update(sha256=prev)


def _link(row: models.AuditEntry) -> chains.Link:
    return chains.Link(
        row.seq,
        chains.moment(row.at),
        row.actor,
        row.action,
        row.target,
        row.details,
        row.prev_sha256,
    )


TAMPERINGS: list[Callable[[random.Random, int], None]] = [
    _edit,
    _edit_with_its_hash,
    _delete,
    _swap,
    _insert,
    _insert_within,
    _truncate,
    _cut_off_the_front,
    _truncate_with_the_head,
    _forget_everything,
    _take_the_head_away,
    _take_the_head_and_wait,
    _move_the_head,
    _rewrite_everything_from_somewhere,
]


@pytest.mark.django_db
@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__.strip("_"))
def test_every_tampering_is_found(tamper: Callable[[random.Random, int], None]) -> None:
    grow(30)
    audits.anchor(now=NOW)
    for seed in range(15):
        mark = transaction.savepoint()
        tamper(random.Random(seed), 30)
        assert reading.verify().broken, f"{tamper.__name__} with seed {seed} was not found"
        transaction.savepoint_rollback(mark)
    assert not reading.verify().broken


@pytest.mark.django_db
def test_a_finding_says_which_entry_and_what() -> None:
    grow(5)
    models.AuditEntry.objects.filter(seq=3).update(target="elsewhere")
    models.AuditEntry.objects.filter(seq=5).delete()
    told = {(broken.seq, broken.told) for broken in reading.verify().broken}
    assert (3, "has been changed: its hash is not that of its fields") in told
    assert (5, "ends the chain according to its head, but the last entry is 4") in told


@pytest.mark.django_db
def test_what_was_cut_off_with_its_head_is_found_by_the_anchor_outside() -> None:
    grow(5)
    audits.anchor(now=NOW)
    _truncate_with_the_head(random.Random(1), 5)
    assert [broken.seq for broken in reading.verify().broken] == [5]


@pytest.mark.django_db
def test_a_damaged_anchor_is_told() -> None:
    grow(2)
    audits.anchor(now=NOW)
    path = reading.anchors_file()
    path.write_text(path.read_text().replace(" 2 ", " two "))
    assert "line 1" in reading.verify().broken[0].told


@pytest.mark.django_db
def test_an_end_that_has_not_moved_is_anchored_once() -> None:
    grow(1)
    assert audits.anchor(now=NOW) is not None
    assert audits.anchor(now=NOW + timedelta(hours=1)) is None
    grow(1)
    assert audits.anchor(now=NOW + timedelta(hours=2)) is not None
    assert len(reading.anchors_file().read_text().splitlines()) == 2


@pytest.mark.django_db
def test_a_house_whose_head_was_taken_away_works_on_and_the_chain_says_so() -> None:
    grow(2)
    models.AuditHead.objects.all().delete()
    grow(1)
    actions = models.AuditEntry.objects.order_by("seq").values_list("action", flat=True)
    assert list(actions)[2:] == [chains.HEAD_RESTORED, "voter.changed"]
    assert [broken.seq for broken in reading.verify().broken] == [3]
