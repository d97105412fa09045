"""More deliberate defects, too many for every run: voters, circuits, windows and live markets."""

from tests.sabotage.defects import PROCESSES, SERVICES, VOTERS, defect

MARKETS = "tests/providers/markets/test_live.py"
TURNS = "tests/providers/test_turns.py"
SCRIPTS = "providers/turnstile_scripts.py"
SHARED = f"{PROCESSES}/test_shared_turnstiles.py"

MORE_DEFECTS = (
    defect(
        "who is made on the command line is not in the audit chain",
        "thalas/services/people.py",
        '    audits.append(actor=by, action="user.create", target=str(user.pk), details=told, now=now)\n',
        "",
        "tests/thalas/management/test_people.py::test_who_is_made_on_the_command_line_is_in_the_chain",
    ),
    defect(
        "a password changed on the command line is not in the audit chain",
        "thalas/services/people.py",
        '    audits.append(actor=by, action="user.edit", target=str(user.pk), details=told, now=now)\n',
        "",
        "tests/thalas/management/test_people.py::"
        "test_a_password_that_is_changed_is_in_the_chain_and_the_password_is_not",
    ),
    defect(
        "a run is read whatever account it belongs to",
        "thalas/selectors/records.py",
        '"AND run.account_id = %(account)s"',
        '""',
        "tests/thalas/api/test_runs.py::test_another_accounts_run_is_not_there",
    ),
    defect(
        "a new run's client waits for the broker",
        "thalas/api/handlers.py",
        "            try:\n                await self.send_response(answer, send)\n            finally:\n"
        "                await self._in_thread(answer.close)\n            return\n",
        "            await self._in_thread(answer.close)\n"
        "            await self.send_response(answer, send)\n            return\n",
        "tests/thalas/api/test_handlers.py::test_a_new_run_is_told_of_before_its_council_is_sent_to_work",
    ),
    defect(
        "a vote asks no circuit and no window",
        "thalas/services/votes.py",
        "with circuits.turn(_spec(claim.voter), voter,",
        "with circuits.turn(None, voter,",
        f"{SERVICES}/test_circuits.py::test_a_provider_that_fails_five_times_is_not_asked_a_sixth",
        f"{SERVICES}/test_circuits.py::test_a_full_window_fails_the_vote_without_a_call",
    ),
    defect(
        "a half-open circuit lets everybody through",
        SCRIPTS,
        "local wait = math.max(left(open_until, longest), left(probe_until, lease + longest))",
        "local wait = left(open_until, longest)",
        f"{SHARED}::test_half_open_lets_one_probe_through_and_its_success_closes",
    ),
    defect(
        "a half-open circuit lets everybody through while Redis is away",
        "providers/circuits.py",
        "return max(0.0, self.open_until - now, self.probe_until - now)",
        "return max(0.0, self.open_until - now)",
        "tests/providers/test_turnstiles.py::test_half_open_lets_one_probe_through_and_its_success_closes",
    ),
    defect(
        "a window has room for one more",
        SCRIPTS,
        "if most >= 0 and count >= most then",
        "if most >= 0 and count > most then",
        f"{SHARED}::test_so_many_requests_fit_into_any_minute",
    ),
    defect(
        "what was let through before a circuit opened still counts",
        SCRIPTS,
        "if generation ~= tonumber(found[6] or 0) or is_open",
        "if is_open",
        f"{SHARED}::test_what_was_let_through_before_the_circuit_opened_is_no_longer_heard",
    ),
    defect(
        "without Redis a process forgets what it was told",
        "providers/steady_turnstiles.py",
        "                self._local.mirror(answer)\n",
        "",
        f"{PROCESSES}/test_turnstiles.py::"
        "test_a_redis_that_hangs_or_dies_holds_nobody_up_and_circuits_go_on_by_themselves",
    ),
    defect(
        "every success is told to Redis",
        "providers/steady_turnstiles.py",
        "if not ticket.needs_telling(outcome, retry_after_s):",
        "if ticket.id == '':",
        f"{PROCESSES}/test_turnstiles.py::test_while_all_is_well_a_call_costs_one_trip_to_redis",
    ),
    defect(
        "another model is told of each time",
        "thalas/services/drifts.py",
        "if not is_new or (is_as_asked and not before):",
        "if is_as_asked and not before:",
        f"{SERVICES}/test_drifts.py::test_another_model_is_told_of_once_in_the_log_and_in_the_audit_chain",
        f"{SERVICES}/test_drifts.py::test_of_eight_workers_that_see_it_at_once_exactly_one_tells",
    ),
    defect(
        "nobody looks which model answered",
        "thalas/services/votes.py",
        "        _note_model(claim.voter, outcome.outcome, now)\n",
        "        pass\n",
        f"{SERVICES}/test_circuits.py::test_another_model_than_the_one_asked_for_is_recorded_and_told_of_once",
    ),
    defect(
        "attempts are not told",
        "providers/retries.py",
        "                _tell(turn, outcome, given_s)\n",
        "                pass\n",
        f"{TURNS}::test_every_attempt_is_heard_of_also_those_that_a_retry_makes_good",
    ),
    defect(
        "retries go past an open circuit",
        "providers/retries.py",
        "if turn is not None and not turn.may_retry():",
        "if turn is not None and turn.left_s < -1e9:",
        f"{TURNS}::test_a_failed_probe_is_not_retried",
        f"{TURNS}::test_retries_count_in_the_window_too",
    ),
    defect(
        "retry-after is kept to oneself",
        "providers/turns.py",
        "self._turnstile.tell(ticket, outcome, retry_after_s=asked_s)",
        "self._turnstile.tell(ticket, outcome)",
        f"{TURNS}::test_what_a_provider_asks_for_holds_for_all",
    ),
    defect(
        "a model that is gone opens its provider's circuit",
        "providers/turns.py",
        "if not isinstance(error, TransientVoterError) or error.kind not in ILL:",
        "if error is None or error.kind not in ILL:",
        f"{SERVICES}/test_circuits.py::"
        "test_a_model_that_is_gone_is_asked_once_and_its_provider_is_not_to_blame",
    ),
    defect(
        "a turn that was not used is kept",
        "providers/turns.py",
        "outcome = Outcome.WELL if has_asked else Outcome.UNUSED",
        "outcome = Outcome.WELL",
        f"{TURNS}::test_what_was_not_used_is_given_back",
        f"{SERVICES}/test_circuits.py::test_a_refused_budget_gives_the_turn_back",
    ),
    defect(
        "a test call could decide",
        "thalas/services/trials.py",
        "        quorum=2,\n",
        "",
        "tests/thalas/management/test_llm_providers.py::"
        "test_a_test_could_not_decide_even_if_a_guard_closed_it",
    ),
    defect(
        "an exchange's unfinished candle counts when our clock is ahead",
        "providers/markets/live.py",
        "by = min(until, fetched.exchange_at) if fetched.exchange_at is not None else until",
        "by = until",
        f"{MARKETS}::test_a_clock_ahead_of_the_exchanges_takes_no_unfinished_candle_for_a_finished_one",
    ),
    defect(
        "the candle that is not over is shown",
        "providers/markets/live.py",
        "return tuple(candle for candle in candles if candle.opened_at + step <= until)",
        "return tuple(candle for candle in candles if step)",
        f"{MARKETS}::test_candles_are_the_exchanges_own_and_the_unfinished_one_is_left_out",
    ),
    defect(
        "everybody fetches the same candle",
        "providers/markets/live.py",
        "self._shelf.claim(key, ttl_s=self._patience_s) or",
        "True or",
        f"{MARKETS}::test_whoever_shares_a_shelf_shares_the_request",
    ),
    defect(
        "a network that is away is a traceback",
        "providers/markets/exchanges.py",
        "except library.BaseError as error:",
        "except ZeroDivisionError as error:",
        f"{MARKETS}::test_a_network_that_is_away_is_one_clear_line",
    ),
    defect(
        "the replay's clock is taken for an exchange's",
        "thalas/selectors/markets.py",
        "if (Span(row.starts_at, row.ends_at) == live.SPAN) != is_live():",
        "if row is False:",
        "tests/thalas/selectors/test_live_markets.py::"
        "test_until_the_clock_is_set_the_replays_clock_is_not_taken_for_the_exchanges",
    ),
    defect(
        "a replay goes on from a live market's clock",
        "thalas/services/replays.py",
        "if row is None or Span(row.starts_at, row.ends_at) == live.SPAN:",
        "if row is None:",
        "tests/thalas/selectors/test_live_markets.py::"
        "test_a_replay_after_a_live_market_is_on_a_lap_of_its_own",
    ),
    defect(
        "another model of a priced local server is free",
        "thalas/env_voters.py",
        "if settings.is_free and not (provider.is_free or is_priced or entry.price):",
        "if settings is None:",
        "tests/thalas/test_env_voters.py::"
        "test_another_model_of_a_priced_server_on_this_machine_is_not_taken_for_free",
    ),
    defect(
        "another model inherits the first one's price",
        "thalas/env_voters.py",
        "changes = dict.fromkeys(OF_THE_MODEL) |",
        "changes = {} |",
        "tests/thalas/test_env_voters.py::test_another_model_does_not_inherit_what_belongs_to_the_first",
    ),
    defect(
        "personas are not told",
        "providers/voters/registry.py",
        "return prompts.with_persona(prompts.load(), spec.persona)",
        "return prompts.with_persona(prompts.load(), None)",
        f"{SERVICES}/test_voters_of_the_file.py::test_their_prompts_differ_and_their_hashes_are_kept",
    ),
    defect(
        "cached tokens cost as much as others",
        "providers/voters/prices.py",
        "cost_usd -= cached * (self.usd_in - self.usd_cached) / MILLION",
        "cost_usd -= 0",
        "tests/thalas/test_env_prices.py::test_a_voter_is_charged_by_the_file",
    ),
    defect(
        "a dry run lets each voter have the whole cap",
        "thalas/services/allowances.py",
        "self.taken[_key(cap)] += cap.wanted",
        "self.taken[_key(cap)] += 0",
        f"{SERVICES}/test_estimates.py::test_a_cap_that_is_used_up_is_the_reason_and_voters_share_it",
    ),
    defect(
        "prices are shown to a whole candle's range",
        "providers/voters/sheets.py",
        "RANGE_PARTS = 50",
        "RANGE_PARTS = 1",
        f"{VOTERS}/test_sheets.py::test_a_unit_is_a_power_of_ten_and_fine_enough",
    ),
)
