"""Defects of budgets: what would let a cap be passed, or a change of one leave no trace."""

from tests.sabotage.defects import SERVICES, defect

CAPS = f"{SERVICES}/test_caps.py"

BUDGET_DEFECTS = (
    defect(
        "a full cap lets calls through",
        "thalas/services/ledgers.py",
        "        return self.committed + self.wanted <= self.amount",
        "        return True",
        f"{CAPS}::test_two_calls_fit_and_the_third_is_refused_by_the_cap_that_is_full",
        f"{CAPS}::test_a_cap_below_what_is_committed_lets_nothing_more_through_until_calls_settle_below_it",
    ),
)
MORE_BUDGET_DEFECTS = (
    defect(
        "a call is settled twice",
        "thalas/services/ledgers.py",
        "    WHERE id = %(entry_id)s AND settled_at IS NULL\n",
        "    WHERE id = %(entry_id)s\n",
        f"{SERVICES}/test_budgets.py::test_an_entry_is_settled_once_and_one_that_never_was_stays_at_its_worst",
    ),
    defect(
        "a settled call is taken off windows that never counted it",
        "thalas/services/ledgers.py",
        "              AND cap.measure = thalas_budgetwindow.measure) AND",
        "              AND cap.measure = thalas_budgetwindow.measure) IS NOT NULL AND",
        f"{CAPS}::test_what_was_reserved_without_a_cap_is_not_taken_off_a_window_that_lacks_it",
    ),
    defect(
        "a new cap forgets what was spent before it",
        "thalas/services/caps.py",
        "        _count_what_was(cap, now=now)",
        "        pass",
        f"{CAPS}::test_a_new_cap_counts_what_its_window_took_before_it_was_set",
    ),
    defect(
        "a new cap counts the running window only",
        "thalas/services/caps.py",
        "now - WRONG, now + WRONG",
        "now, now",
        f"{CAPS}::test_a_new_cap_counts_the_windows_around_it_too",
    ),
    defect(
        "what the dead reserved is never booked",
        "thalas/services/notices.py",
        "reserved_at__lt=now - LONGEST_CALL)",
        "reserved_at__lt=now - LONGEST_CALL).none()",
        f"{CAPS}::test_what_nobody_settled_is_booked_at_its_worst_an_hour_later_and_not_before",
    ),
    defect(
        "the environment overrides a person's cap without a trace",
        "thalas/services/caps.py",
        "        _keep(cap, before, amount, by=ENVIRONMENT, now=now)",
        "        pass",
        f"{CAPS}::test_what_the_environment_says_leaves_a_trace_where_it_changes_a_cap",
    ),
    defect(
        "a key sees and sets the caps of other accounts",
        "thalas/api/budgets.py",
        "    return kind != Subject.ACCOUNT or subject == who.account",
        "    return True",
        "tests/thalas/management/test_budget.py::test_another_accounts_caps_are_neither_shown_nor_changed",
    ),
    defect(
        "1_0 is taken for ten dollars",
        "thalas/services/caps.py",
        'text if NUMBER.fullmatch(text) else "NaN"',
        'text if text[:1].isdigit() else "NaN"',
        f"{CAPS}::test_a_cap_that_cannot_be_is_refused_by_name",
    ),
)
