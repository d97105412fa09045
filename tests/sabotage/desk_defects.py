"""Defects of the desk: the gate, reservations, limits, and what is told of an account's risk."""

from tests.sabotage.defects import PROCESSES, SERVICES, Change, Defect, defect

DESK = "tests/thalas/management/test_desk_commands.py"
API = "tests/thalas/api/test_risk.py"
PAGE = "tests/thalas/dashboard"

DESK_DEFECTS = (
    defect(
        "what is held free is not read",
        "thalas/selectors/desks.py",
        "WHERE account_id IN {accounts} AND (expires_at",
        "WHERE 1 = 0 AND account_id IN {accounts} AND (expires_at",
        f"{SERVICES}/test_expiries.py::"
        "test_a_late_close_judges_by_what_is_held_then_and_not_by_what_was_held_when_its_run_opened",
    ),
    defect(
        "a decision may be stored without its reservation",
        "thalas/services/closings.py",
        "@transaction.atomic\ndef _close_one(",
        "def _close_one(",
        f"{SERVICES}/test_expiries.py::"
        "test_a_fault_between_a_decision_and_its_reservation_leaves_neither_and_the_run_open",
    ),
    defect(
        "a number beyond all numbers is kept and passes",
        "risk/gate.py",
        "    if (type(value) is float and not isfinite(value)) or",
        "    if False and",
        "tests/risk/test_gate.py::test_a_finding_beyond_all_numbers_is_kept_in_words_and_refuses",
        "tests/risk/test_gate.py::test_an_account_of_next_to_nothing_is_refused_in_numbers_that_can_be_stored",
    ),
)
MORE_DESK_DEFECTS = (
    defect(
        "what is held free stays held for ever",
        "thalas/selectors/desks.py",
        "is_open=clock.aware(expires_at) > now,",
        "is_open=True,",
        f"{SERVICES}/test_expiries.py::"
        "test_what_has_expired_within_the_hour_counts_as_ordered_and_not_as_held",
    ),
    defect(
        "orders of the replay are counted by our hours",
        "thalas/selectors/desks.py",
        "HOUR / max(1.0, tape.clock.speed)",
        "HOUR",
        f"{SERVICES}/test_demo_rooms.py::"
        "test_thirty_scans_that_all_say_buy_leave_room_for_the_next_over_the_end_of_the_tape",
    ),
    defect(
        "a change of limits leaves no trace",
        "thalas/services/limits.py",
        '    audits.append(actor=by, action="limits.change", target=name, details=details, now=now)\n',
        "",
        "tests/thalas/management/test_limits.py::test_what_is_set_is_shown_audited_and_kept_as_an_edition",
    ),
    defect(
        "limits that are replaced for the first time are forgotten",
        "thalas/services/limits.py",
        "    record(account, by=AS_MADE, now=now)\n",
        "",
        f"{SERVICES}/test_limits.py::test_a_change_makes_an_edition_that_the_next_decision_names",
    ),
    defect(
        "a policy may be written twice",
        "thalas/regime_policies.py",
        "            if name in names[:place]:",
        "            if False:",
        "tests/thalas/test_regime_policies.py::test_what_cannot_be_a_policy_is_refused",
    ),
    Defect(
        "two closes take the same room",
        (
            Change(
                "thalas/selectors/desks.py",
                'lock = " FOR NO KEY UPDATE" if is_locking',
                'lock = "" if is_locking',
            ),
        ),
        (
            f"{PROCESSES}/test_reservations.py::test_of_fifty_orders_at_once_from_two_processes_one_gets_the_last_room",
        ),
        database="postgresql",
    ),
    defect(
        "a series that is shorter than another leaves the book without a price",
        "thalas/selectors/desks.py",
        "        closes = history.at(days)\n",
        "        closes = history.closes\n",
        f"{DESK}::test_on_the_tapes_first_day_when_one_series_is_shorter_the_book_is_priced_all_the_same",
    ),
    defect(
        "a position that nobody prices is reported on all the same",
        "thalas/selectors/reports.py",
        "    if unpriced:\n",
        "    if not unpriced and unpriced:\n",
        f"{DESK}::test_an_account_with_a_position_that_nobody_prices_says_so_and_orders_nothing",
        f"{PAGE}/test_accounts.py::test_an_account_that_cannot_be_priced_says_so_and_shows_no_figures",
    ),
    defect(
        "what is held free is not in the account's figures",
        "thalas/selectors/reports.py",
        "[_held_free(hold) for hold in desk.holds if hold.is_open]",
        "[_held_free(hold) for hold in desk.holds if not hold.is_open]",
        f"{PAGE}/test_accounts.py::test_what_is_held_free_counts_as_held_and_leads_to_its_run",
    ),
    defect(
        "a new house is seeded again whenever its account is empty",
        "thalas/services/paper_accounts.py",
        "if markets.is_live() or models.AuditEntry.objects.filter(action=SEED, target=name).exists():",
        "if markets.is_live():",
        f"{DESK}::test_a_new_house_is_seeded_once_and_left_alone_after_that",
    ),
    defect(
        "a text in the place of limits is taken for none",
        "thalas/api/schemas_risk.py",
        "class Part(BaseModel):\n",
        "from ninja import Schema\n\n\nclass Part(Schema):\n",
        f"{API}::test_a_part_without_required_fields_is_an_object_all_the_same",
    ),
    defect(
        "a prediction market may pay more than one",
        "thalas/api/schemas_risk.py",
        "and price is not None and price > 1.0:",
        "and price is not None and price > 2.0:",
        f"{API}::test_a_prediction_market_pays_one_at_most",
    ),
    defect(
        "positions without a stop count as lost in the portfolio's risk",
        "thalas/domain/advices.py",
        '    share = (float(str(held["var_95"])) + new) / value_usd\n',
        "    share = sum(_lost_at_stop(each) for each in positions) / value_usd\n",
        f"{API}::test_positions_without_a_stop_are_told_of_and_break_no_limit_by_that",
        f"{API}::test_the_portfolios_risk_is_its_value_at_risk_and_says_where_that_comes_from",
    ),
    defect(
        "an assumed volatility does not say for want of what",
        "thalas/domain/exposures.py",
        "all positions moving against the account at once; {gap}",
        "all positions moving against the account at once",
        f"{API}::test_where_volatility_is_assumed_it_says_for_want_of_what",
    ),
    defect(
        "checks that object are folded away with those that passed",
        "thalas/dashboard/rulings.py",
        'LOUD = ("failed", "not_computable", "resized")\nQUIET = ("passed", "not_applicable")',
        'LOUD = ("resized",)\nQUIET = ("passed", "not_applicable", "failed", "not_computable")',
        f"{PAGE}/test_rulings.py::test_what_objects_or_cuts_comes_first_and_the_rest_is_folded_in_the_order_it_ran",
    ),
    defect(
        "rounding picks the worst of equal falls",
        "risk/drawdowns.py",
        "len(equity) * EPSILON  #",
        "0.0  #",
        "tests/risk/test_drawdowns.py::test_of_falls_that_only_rounding_tells_apart_the_first_is_the_worst",
        "tests/risk/test_drawdowns.py::test_a_peak_that_only_rounding_keeps_from_being_reached_is_reached",
    ),
    defect(
        "whoever looks at an account lets no candles be fetched",
        "thalas/selectors/reports.py",
        "    histories.freshen(desk.symbols, at=tape.at.market_at)\n",
        "",
        "tests/processes/test_live_reports.py::test_the_candles_of_what_is_held_are_fetched_for_whoever_looks",
    ),
    defect(
        "the demo holds nothing",
        "thalas/management/commands/up.py",
        "        self._fill_the_demo_account()\n\n",
        "\n",
        "tests/processes/test_up.py::test_ctrl_c_in_the_middle_of_the_first_scan_stops_everything_within_ten_seconds",
    ),
)
