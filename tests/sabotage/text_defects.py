"""Defects by which text from outside would move a voter, or a voter what it must not."""

from tests.sabotage.defects import SERVICES, VOTERS, defect

OUTSIDE = "providers/voters/outside.py"
VOTER = "providers/voters/model_voters.py"
ATTACKS = "tests/domain/test_attacks.py"
SIEGES = f"{VOTERS}/test_sieges.py::test_no_attack_moves_it_through_the_fence_over_real_sockets"

TEXT_DEFECTS = (
    defect(
        "the fence has no lines",
        OUTSIDE,
        'return f"{OPENING}\\n{fenced}\\n{CLOSING}"',
        "return fenced",
        SIEGES,
        f"{ATTACKS}::test_no_attack_moves_anybody_through_market_data_that_came_with_a_question",
    ),
    defect(
        "one voter of four moves money alone",
        "risk/checks/orders.py",
        "return 2 if panel >= LARGE_PANEL else 1",
        "return 1",
        "tests/domain/test_captured.py::test_no_order_is_made_that_no_honest_voter_backs",
        f"{SERVICES}/test_captives.py::test_one_that_obeys_orders_nothing_that_no_other_says",
    ),
    defect(
        "the key is sent in the body",
        VOTER,
        "        return orjson.dumps(body)\n",
        '        return orjson.dumps(body | {"user": self._key.get_secret_value()})\n',
        f"{SERVICES}/test_outgoing.py::test_no_secret_and_nothing_of_any_account_is_sent",
    ),
)
MORE_TEXT_DEFECTS = (
    defect(
        "a backslash stays in what is fenced",
        OUTSIDE,
        'clean(text, limit=limit).replace("\\\\", "/")',
        "clean(text, limit=limit)",
        SIEGES,
    ),
    defect(
        "angle brackets are not written out",
        OUTSIDE,
        '.replace("<", "\\\\u003c").replace(">", "\\\\u003e")',
        "",
        f"{ATTACKS}::test_every_text_in_the_fence_is_clean_and_short_whoever_put_it_there",
    ),
    defect(
        "names are fenced as they came",
        OUTSIDE,
        "{_plain(str(name), limit=MOST_IN_A_NAME): _clean(item)",
        "{str(name): _clean(item)",
        SIEGES,
    ),
    defect(
        "any text is a symbol",
        OUTSIDE,
        "return SYMBOL.fullmatch(text) is not None",
        "return SYMBOL.match(text) is not None",
        f"{ATTACKS}::test_a_symbol_that_could_say_something_is_not_shown_to_a_model",
    ),
    defect(
        "a caller's pair is named outside the fence",
        VOTER,
        "is_named = is_small or not any(market.is_given for market in brief.markets)",
        "is_named = True",
        f"{ATTACKS}::test_a_pair_that_is_a_command_is_named_in_the_fence_only",
    ),
    defect(
        "a brief is shown beside the fence",
        VOTER,
        "instructions=self._prompt.text + (",
        "instructions=self._prompt.text + str(brief.markets[0].context) + (",
        f"{VOTERS}/test_interpolation.py::"
        "test_every_question_is_made_of_the_houses_words_the_schema_and_the_fenced_brief",
    ),
    defect(
        "a voter without weight backs an order",
        "thalas/domain/consensus.py",
        "ballot.action is action and ballot.weight > 0 for",
        "ballot.action is action for",
        "tests/domain/test_captured.py::test_a_voter_without_weight_is_no_second_backer",
    ),
    defect(
        "advice needs no second backer",
        "thalas/services/advice.py",
        '        "backers",\n',
        "",
        "tests/thalas/api/test_strategies.py::test_checks_that_need_an_account_or_candle_times_are_not_asked",
    ),
    defect(
        "a page takes a voter's words for markup",
        "thalas/templates/dashboard/leg.html",
        '{{ vote.why|default:"–" }}',
        '{{ vote.why|default:"–"|safe }}',
        "tests/thalas/test_hostile_answers.py::test_the_runs_page_shows_it_as_text_without_a_link",
    ),
    defect(
        "a server that is let go of keeps its connections",
        "providers/http.py",
        "        weakref.finalize(self, _hang_up, self._idle)\n",
        "",
        "tests/providers/test_http.py::test_who_lets_go_of_a_server_hangs_up",
    ),
)
