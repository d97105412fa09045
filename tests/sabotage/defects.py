"""Deliberate defects: each takes one safety part out, and names the tests that must notice."""

from dataclasses import dataclass

SERVICES = "tests/thalas/services"
PROCESSES = "tests/processes"
VOTERS = "tests/providers/voters"


@dataclass(frozen=True, slots=True)
class Change:
    """Replace *old*, which stands exactly once in *file*, by *new*."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Defect:
    """Changes that take a part out, and the tests that go red without it, on a *database*."""

    name: str
    changes: tuple[Change, ...]
    red: tuple[str, ...]
    database: str = "sqlite"


def defect(name: str, file: str, old: str, new: str, *red: str) -> Defect:
    return Defect(name, (Change(file, old, new),), red)


DEFECTS = (
    defect(
        "the guard closes no overdue run",
        "thalas/services/guards.py",
        'return still_open.filter(deadline_at__lte=now).order_by("deadline_at")',
        'return still_open.filter(deadline_at__lte=now).order_by("deadline_at").none()',
        f"{SERVICES}/test_guards.py::test_an_overdue_run_is_closed_at_its_deadline_and_not_before",
    ),
    defect(
        "no worker looks after what guards leave",
        "thalas/workers/consumers.py",
        "        lookouts.start()  # which needs no broker\n",
        "",
        "tests/processes/test_guards.py::test_with_both_guards_dead_the_workers_close_in_time",
    ),
    defect(
        "the guard closes no run that is answered while its chord is silent",
        "thalas/services/guards.py",
        'return still_open.filter(~waiting, ~recent).order_by("opened_at")',
        'return still_open.filter(~waiting, ~recent).order_by("opened_at").none()',
        f"{SERVICES}/test_guards.py::"
        "test_a_run_whose_chord_is_silent_is_closed_one_second_after_its_last_answer_and_not_before",
    ),
    defect(
        "the guard gives up no vote that lost its last worker",
        "thalas/services/guards.py",
        "pk__in=hopeless, state",
        "pk__in=[], state",
        f"{SERVICES}/test_guards.py::test_a_vote_that_lost_its_third_worker_is_given_up",
    ),
    defect(
        "a close does not look whether the run is still open",
        "thalas/services/statements.py",
        "    WHERE id = %(run_id)s AND state = 'open'",
        "    WHERE id = %(run_id)s",
        f"{SERVICES}/test_closings.py::test_of_eight_closers_at_once_one_closes_and_the_others_read_the_same",
        f"{SERVICES}/test_closings.py::test_closing_a_cancelled_run_changes_nothing",
    ),
    defect(
        "a claim does not look whether the vote is taken",
        "thalas/services/statements.py",
        "AND (state = 'expected'",
        "AND (state IS NOT NULL",
        f"{SERVICES}/test_votes.py::test_of_eight_workers_that_claim_one_vote_at_once_exactly_one_gets_it",
        f"{SERVICES}/test_votes.py::test_a_message_that_comes_twice_asks_once",
    ),
    defect(
        "a claim does not count its starts",
        "thalas/services/statements.py",
        "OR starts < %(max_starts)s)",
        "OR starts < %(max_starts)s + 100)",
        f"{SERVICES}/test_votes.py::test_a_voter_that_kills_its_workers_is_started_three_times_and_no_more",
    ),
    defect(
        "what nobody has answered is left open by the close",
        "thalas/services/closings.py",
        "    if unanswered:\n",
        "    if unanswered and closing.by == EARLY:\n",
        f"{SERVICES}/test_closings.py::"
        "test_an_answer_recorded_while_the_run_closes_is_counted_or_late_and_never_neither",
    ),
    defect(
        "a run closes early though answers to come could change its outcome",
        "thalas/domain/early_closes.py",
        "if scores[side] - rivals <= most + TIE",
        "if scores[side] - rivals <= most / 2 + TIE",
        "tests/domain/test_early_closes.py::test_a_lead_of_just_what_is_to_come_is_not",
        f"{SERVICES}/test_early_closings.py::"
        "test_a_run_closes_early_once_the_rest_cannot_change_its_outcome_and_not_before",
    ),
    defect(
        "a run closes early by another method's bound",
        "thalas/domain/early_closes.py",
        "Method.LOG_OPINION_POOL: _pool",
        "Method.LOG_OPINION_POOL: _majority",
        "tests/domain/test_early_closes.py::"
        "test_a_pool_is_settled_if_its_lead_is_larger_than_what_one_sure_vote_can_move",
    ),
    defect(
        "every run is decided by the weighted majority",
        "thalas/services/decisions.py",
        "aggregate(Method(run.method), tally",
        "aggregate(Method.WEIGHTED_MAJORITY, tally",
        "tests/thalas/selectors/test_readings.py::"
        "test_a_run_is_decided_by_its_own_method_with_the_baseline_beside_it",
    ),
    defect(
        "an answer that was cut off or refused is a vote",
        "providers/voters/wires.py",
        "if reading.refusal or reading.ended not in wanted:",
        "if reading.refusal:",
        "tests/providers/voters/test_wires.py::test_a_gemini_answer_cut_off_before_its_first_word_is_truncated",
    ),
    defect(
        "an answer that says two things is read as one",
        "providers/voters/repairs.py",
        "if len(pieces) != 1:",
        "if not pieces:",
        "tests/providers/voters/test_repairs.py::test_what_is_not_said_is_not_read",
    ),
    defect(
        "a refusal in words is a vote",
        "providers/voters/wires.py",
        "if reading.refusal or reading.ended not in wanted:",
        "if reading.ended not in wanted:",
        f"{VOTERS}/test_wires.py::test_a_refusal_is_refused",
    ),
    defect(
        "an answer may say one thing twice, each time another",
        "providers/voters/strict_json.py",
        "        if name in seen:",
        "        if False:",
        f"{VOTERS}/test_wires.py::test_two_actions_anywhere_in_an_answer_are_no_vote",
    ),
    defect(
        "what Gemini thinks on its way counts as its answer",
        "providers/voters/gemini.py",
        "[part for part in first.content.parts if not part.thought]",
        "first.content.parts",
        f"{VOTERS}/test_wires.py::test_a_complete_answer_is_a_vote_with_its_model_tokens_and_cost",
    ),
    defect(
        "an answer that was cut off is repaired",
        "providers/voters/repairs.py",
        "            held = []\n",
        '            held = []\n    if held:\n        yield "".join(held) + "}"\n',
        f"{VOTERS}/test_repairs.py::test_what_is_not_said_is_not_read",
    ),
    defect(
        "a fee for each call is left out of the worst case",
        "providers/voters/prices.py",
        "rates.usd_out + rates.usd_call",
        "rates.usd_out",
        f"{VOTERS}/test_registry.py::test_a_fee_for_each_call_is_in_the_worst_case",
    ),
    defect(
        "a vendor's price is taken for another server's, or another model's",
        "providers/voters/registry.py",
        "is_usual = (spec.base_url, spec.model) == (vendor.base_url, vendor.default_model)",
        "is_usual = True",
        f"{VOTERS}/test_registry.py::"
        "test_a_price_in_a_vendors_row_is_for_its_own_server_and_default_model_only",
    ),
    defect(
        "an attempt whose answer was lost costs nothing",
        "providers/voters/model_voters.py",
        "bill.add_unknown() if reply.was_sent else bill.add_free()",
        "bill.add_free()",
        f"{VOTERS}/test_openai_chat.py::test_a_lost_answer_is_asked_again_and_its_worst_case_booked",
    ),
    defect(
        "an answer that is no vote costs nothing",
        "providers/voters/model_voters.py",
        "error.usage = bill.total()",
        "error.usage = Usage()",
        f"{VOTERS}/test_emulated_wires.py::test_what_is_no_vote_is_booked_as_it_counts",
    ),
    defect(
        "a vote is lost over a count of tokens that the price list cannot read",
        "providers/voters/model_voters.py",
        "except (AttributeError, TypeError):",
        "except ZeroDivisionError:",
        f"{VOTERS}/test_wires.py::"
        "test_a_count_that_the_price_list_cannot_read_is_booked_at_its_worst_and_the_vote_counts",
    ),
    defect(
        "the obedient model reads no fence",
        "providers/emulator/obedience.py",
        "outside_of_fences(plain) if knows_fence else plain",
        "plain",
        "tests/providers/emulator/test_obedience.py::test_what_stands_in_the_fence_is_data",
    ),
    defect(
        "a run closes early though it may not",
        "thalas/services/closings.py",
        "id = %(id)s AND state = 'open' AND may_close_early",
        "id = %(id)s AND state = 'open'",
        f"{SERVICES}/test_early_closings.py::test_a_run_that_may_not_close_early_waits_for_all",
    ),
    defect(
        "candles are taken for others by their hash",
        "thalas/domain/briefs.py",
        "isinstance(other, _Known) and self.series == other.series",
        "isinstance(other, _Known) and hash(self) == hash(other)",
        "tests/domain/test_briefs.py::test_other_candles_under_the_same_hash_are_not_taken_for_them",
    ),
    defect(
        "a close gives up votes that are in",
        "thalas/services/statements.py",
        "run_id IN {run_ids} AND state IN ('expected', 'claimed')",
        "run_id IN {run_ids}",
        f"{SERVICES}/test_closings.py::test_below_quorum_nothing_is_decided_and_nothing_may_be_traded",
    ),
    defect(
        "votes that only wait in the queue are sent again",
        "thalas/services/guards.py",
        "many = min(unasked.count() - queued, RESEND_BATCH)",
        "many = min(unasked.count(), RESEND_BATCH)",
        "tests/thalas/test_dispatch.py::test_votes_whose_messages_still_wait_in_the_queue_are_not_sent_again",
    ),
    defect(
        "a record does not ask for the lease's token",
        "thalas/services/statements.py",
        "AND token = %(held_token)s AND state",
        "AND state",
        f"{SERVICES}/test_votes.py::test_only_the_holder_of_the_lease_may_record",
    ),
    defect(
        "a call is made without a reservation",
        "thalas/services/votes.py",
        "lambda: budgets.reserve(claim.buyer, worst, now=now)",
        "lambda: None",
        f"{SERVICES}/test_votes.py::test_a_call_is_booked_at_its_worst_before_and_at_its_cost_after",
        f"{SERVICES}/test_votes.py::test_a_call_that_could_pass_the_cap_is_not_made",
    ),
    Defect(
        "a slot may exist twice",
        (
            Change(
                "thalas/models/schedules.py",
                'models.UniqueConstraint(name="slot_fires_once", fields=["schedule", "due_at"])',
                'models.CheckConstraint(name="slot_fires_once", condition=Q(lap__gte=0))',
            ),
            Change(
                "thalas/migrations/0001_first.py",
                "models.UniqueConstraint(fields=('schedule', 'due_at'), name='slot_fires_once')",
                "models.CheckConstraint(condition=models.Q(lap__gte=0), name='slot_fires_once')",
            ),
        ),
        (f"{SERVICES}/test_schedules.py::test_the_database_refuses_a_second_slot_for_the_same_moment",),
    ),
    defect(
        "connections that broke together fail one by one",
        "thalas/postgresql/base.py",
        "            self.pool.check()",
        "            pass",
        "tests/thalas/test_databases.py::test_connections_that_broke_together_cost_one_error",
    ),
    defect(
        "a pool goes back to its own long pauses",
        "thalas/databases.py",
        "    pool.check()",
        "    return",
        "tests/thalas/test_databases.py::test_a_lone_waiter_is_served_when_the_database_comes_back",
    ),
    defect(
        "a broker on another machine needs no password",
        "thalas/env_safety.py",
        "    if not parts.password:",
        "    if False:",
        "tests/thalas/test_env_safety.py::test_a_broker_off_this_machine_without_a_password_is_refused",
    ),
    defect(
        "a schedule asleep for years forgets what it missed",
        "thalas/services/schedules.py",
        "if slots.due_since(schedule, after, until=before):",
        "if False:",
        f"{SERVICES}/test_schedules.py::test_a_schedule_asleep_for_years_keeps_its_newest_two_hundred_slots",
    ),
    defect(
        "a candle is fired again after a pause",
        "thalas/selectors/slots.py",
        "return last is not None and",
        "return False and",
        f"{SERVICES}/test_replays.py::test_over_any_pauses_every_close_has_one_slot_in_order",
    ),
    defect(
        "the tape goes on from the newest look of all schedules",
        "thalas/services/replays.py",
        "return min([newest, *(look for look in looks if newest - look <= WATCHED_WITHIN)])",
        "return newest",
        f"{SERVICES}/test_replays.py::"
        "test_a_stop_between_the_looks_of_two_schedules_loses_neither_its_candle_and_doubles_none",
    ),
    defect(
        "a worker that eats nothing lives on",
        "thalas/workers/watches.py",
        "    elif watch.is_deaf:",
        "    elif False:",
        f"{PROCESSES}/test_deaf_workers.py::test_a_worker_that_goes_deaf_ends_itself_and_its_successor_eats_what_waited",
    ),
    defect(
        "what comes through the broker is believed",
        "thalas/workers/transports.py",
        "        LEDGER.note(refused, source=source)\n        return False",
        "        LEDGER.note(refused, source=source)\n        return True",
        f"{PROCESSES}/test_forgeries.py::test_no_hostile_message_is_executed_or_ends_a_worker_and_each_is_counted",
    ),
    defect(
        "who is killed now and then waits longer each time",
        "thalas/supervision/backoffs.py",
        "CRASH_S = 5.0",
        "CRASH_S = 30.0",
        "tests/thalas/supervision/test_backoffs.py::"
        "test_a_process_that_is_killed_every_sixteen_seconds_is_started_again_at_once_each_time",
    ),
    defect(
        "an answer after the close is thrown away",
        "thalas/services/votes.py",
        "for was in models.Vote.GIVEN_UP_STATES):",
        "for was in ()):",
        f"{SERVICES}/test_votes.py::test_an_answer_after_the_close_is_kept_as_late_and_changes_no_decision",
    ),
    defect(
        "a key may do what its scopes do not name",
        "thalas/api/doors.py",
        "        if self.scope not in key.scopes:",
        "        if False:",
        "tests/thalas/api/test_doors.py::test_a_scope_that_is_missing_is_named",
    ),
    defect(
        "an expired key opens",
        "thalas/selectors/keys.py",
        "    return not is_revoked and not is_expired",
        "    return not is_revoked",
        "tests/thalas/api/test_doors.py::test_an_expiry_holds_from_its_very_moment",
    ),
    defect(
        "a key has no limits",
        "thalas/api/doors.py",
        "        limits.count(key)",
        "        pass",
        "tests/thalas/api/test_limits.py::test_the_request_after_the_last_is_told_when_to_come_again",
    ),
    defect(
        "a body that grows is read to its end",
        "thalas/api/bounds.py",
        "        return self._taken > MAX_BYTES",
        "        return False",
        "tests/thalas/api/test_bodies.py::test_a_body_that_grows_too_large_is_refused_whatever_was_announced",
    ),
    defect(
        "the chord has no callback",
        "thalas/dispatch.py",
        "header.apply_async(producer=producer, chord=close)",
        "header.apply_async(producer=producer)",
        f"{PROCESSES}/test_councils.py::test_a_scan_of_three_symbols_is_decided_by_its_chord",
    ),
    defect(
        "a broker that is away loses the run",
        "thalas/dispatch.py",
        "    except (*BROKER_AWAY, DatabaseError, InterfaceError) as error:",
        "    except (DatabaseError, InterfaceError) as error:",
        "tests/thalas/test_dispatch.py::test_while_the_broker_is_away_the_run_is_kept_and_publishing_gives_up_at_once",
    ),
    defect(
        "publishing waits for a broker that hangs",
        "thalas/celery.py",
        "PUBLISH_TIMEOUT_S = 0.5",
        "PUBLISH_TIMEOUT_S = 5.0",
        f"{PROCESSES}/test_brokers.py::test_a_broker_that_hangs_delays_nobody_by_more_than_a_second",
    ),
    defect(
        "a person's edit is no entry of the audit",
        "thalas/admin/audited.py",
        "    with transaction.atomic():",
        "    if True:",
        "tests/thalas/admin/test_audited.py::test_nothing_is_written_without_its_entry",
    ),
    defect(
        "a webhook waits for a name server that hangs",
        "providers/webhooks.py",
        "within_s=self._left_s()",
        "within_s=60",
        "tests/providers/test_webhooks.py::test_a_name_whose_look_up_hangs_is_left_in_time",
    ),
    defect(
        "a Flower that anybody may use starts",
        "thalas/flower_safety.py",
        "    if not basic_auth and not auth:",
        "    if False:",
        "tests/thalas/test_flower_safety.py::test_a_flower_that_lets_anybody_in_is_refused",
    ),
    defect(
        "a kill switch that cannot be read counts as off",
        "risk/checks/facts.py",
        'return compared(False, "unreadable", "off", message)',
        'return compared(True, "unreadable", "off", message)',
        f"{SERVICES}/test_closings.py::test_a_kill_switch_that_is_not_plainly_released_vetoes",
    ),
    defect(
        "a kill switch whose table is gone counts as off",
        "thalas/selectors/accounts.py",
        "except DatabaseError:\n        return None",
        "except DatabaseError:\n        return False",
        f"{SERVICES}/test_closings.py::test_a_kill_switch_whose_table_is_gone_counts_as_engaged",
    ),
    defect(
        "the gate does not look at the age of the data",
        "risk/checks/table.py",
        "data_quality, data_age, quorum)",
        "data_quality, quorum)",
        f"{SERVICES}/test_closings.py::test_a_brief_that_has_grown_old_vetoes",
    ),
    defect(
        "late votes are counted",
        "thalas/domain/tallies.py",
        'ANSWERED_STATES = ("cast", "abstained", "invalid")',
        'ANSWERED_STATES = ("cast", "abstained", "invalid", "late", "missing")',
        "tests/sabotage/targets/test_tallies.py::test_a_late_vote_is_a_lost_one_whatever_it_says",
    ),
)
