"""A rule over the code: nothing enters a prompt but the house's own files, the schema, and what is fenced."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [
    path
    for room in ("providers", "thalas", "tasks")
    for path in sorted((ROOT / room).rglob("*.py"))
    if "emulator" not in path.parts and "migrations" not in path.parts
]
WIRES = ("anthropic_messages", "gemini", "openai_chat", "openai_responses")
# What instructions may be made of, what a schema may be, and what a brief may be: whole, or without candles.
INSTRUCTIONS = {"self._prompt.text", "ballots.in_words(schema)"}
SCHEMA = "schema"
BRIEFS = {"ballots.show(brief)", "ballots.show(_glance(brief) if self._abilities.is_small else brief)"}


def questions(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield each place where a question to a model is made."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Question":
            yield node


def parts(node: ast.expr) -> Iterator[str]:
    """Yield what *node* is put together from; constants are the house's own words."""
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from parts(left)
            yield from parts(right)
        case ast.IfExp(body=body, orelse=orelse):
            yield from parts(body)
            yield from parts(orelse)
        case ast.Constant(value=str()):
            pass
        case _:
            yield ast.unparse(node)


def problems(source: str) -> list[str]:
    """Return what *source* puts into a question to a model beside what may be there."""
    found = []
    for call in questions(ast.parse(source)):
        given = {word.arg: word.value for word in call.keywords}
        if call.args or {"instructions", "brief", "schema"} - set(given):
            found.append("a question is made with names for all its parts")
            continue
        strange = set(parts(given["instructions"])) - INSTRUCTIONS
        found += [f"instructions: {part}" for part in sorted(strange)]
        if ast.unparse(given["brief"]) not in BRIEFS:
            found.append(f"brief: {ast.unparse(given['brief'])}")
        if ast.unparse(given["schema"]) != SCHEMA:
            found.append(f"schema: {ast.unparse(given['schema'])}")
    return found


def interpolations(source: str) -> list[str]:
    """Return where a wire's request writes text of its own around what it was given."""
    requests = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == "request"
    ]
    assert requests, "a wire has a function `request`"
    return [
        ast.unparse(node)
        for request in requests
        for node in ast.walk(request)
        if isinstance(node, ast.JoinedStr | ast.BinOp)
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS)
    ]


METHODS = {"format", "format_map", "join", "replace", "substitute", "safe_substitute", "encode", "decode"}


def test_every_question_is_made_of_the_houses_words_the_schema_and_the_fenced_brief() -> None:
    here = [path.read_text() for path in SOURCES if "providers" in path.parts]
    assert [problem for source in here for problem in problems(source)] == []
    assert sum(len(list(questions(ast.parse(source)))) for source in here) == 1


def test_questions_to_models_are_made_in_providers_only() -> None:
    for path in SOURCES:
        if "providers" not in path.parts:
            assert "providers.voters.wires" not in path.read_text(), path


@pytest.mark.parametrize("wire", WIRES)
def test_a_wire_hands_over_what_it_was_given_and_writes_nothing_around_it(wire: str) -> None:
    assert interpolations((ROOT / f"providers/voters/{wire}.py").read_text()) == []


@cache
def calls() -> tuple[tuple[str, str], ...]:
    """Return what is called by a name of another module, and where, once for each call."""
    return tuple(
        (ast.unparse(node.func), str(path.relative_to(ROOT)))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    )


def callers(name: str) -> list[str]:
    """Return the files in which *name* is called."""
    return [file for called, file in calls() if called == name]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("sheets.sheet", "providers/voters/ballots.py"),
        ("outside.fence", "providers/voters/ballots.py"),
        ("ballots.schema", "providers/voters/model_voters.py"),
        ("ballots.in_words", "providers/voters/model_voters.py"),
    ],
)
def test_what_makes_a_prompt_is_called_in_one_place(name: str, file: str) -> None:
    assert callers(name) == [file]


def test_a_schema_is_made_of_the_houses_words_and_of_plain_symbols() -> None:
    tree = ast.parse((ROOT / "providers/voters/model_voters.py").read_text())
    made = next(
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "_schema"
    )
    returned = [
        ast.unparse(node.value) for node in ast.walk(made) if isinstance(node, ast.Return) and node.value
    ]
    assert returned == ["ballots.schema(symbols, is_small=is_small, is_named=is_named)"]
    assert "symbols = (market.symbol for market in brief.markets)" in ast.unparse(made)


def test_instructions_are_read_from_files_of_the_house_or_of_its_keeper() -> None:
    assert set(callers("prompts.with_persona")) == {"providers/voters/registry.py", "thalas/roster.py"}
    assert set(callers("prompts.read_persona")) == {"thalas/env_voters.py"}
    assert callers("prompts.parse") == []


def test_a_brief_is_shown_by_the_fence_and_by_nothing_else() -> None:
    tree = ast.parse((ROOT / "providers/voters/ballots.py").read_text())
    show = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "show")
    returned = [
        ast.unparse(node.value) for node in ast.walk(show) if isinstance(node, ast.Return) and node.value
    ]
    assert returned == ["outside.fence(shown)"]


def test_nobody_but_the_fence_writes_its_lines() -> None:
    for path in SOURCES:
        if path.name != "outside.py":
            assert "<brief>" not in path.read_text(), (
                f"{path.relative_to(ROOT)} writes the fence's line itself"
            )


SAME = 'schema=schema, model="m")'


@pytest.mark.parametrize(
    "source",
    [
        f"Question(instructions=self._prompt.text + news, brief=ballots.show(brief), {SAME}",
        f'Question(instructions=f"{{self._prompt.text}}{{news}}", brief=ballots.show(brief), {SAME}',
        f"wires.Question(instructions=self._prompt.text, brief=ballots.show(brief) + news, {SAME}",
        f"Question(instructions=self._prompt.text.format(news=news), brief=ballots.show(brief), {SAME}",
        "Question(model, self._prompt.text, news)",
        "Question(instructions=self._prompt.text, brief=ballots.show(brief))",
        "Question(instructions=self._prompt.text, brief=ballots.show(brief), schema=schema | news)",
        f'Question(instructions=self._prompt.text if x else " " + news, brief=ballots.show(brief), {SAME}',
    ],
)
def test_the_rule_sees_what_it_is_there_for(source: str) -> None:
    assert problems(source)


@pytest.mark.parametrize(
    "body", ['f"News: {question.brief}"', '"News: " + question.brief', '"%s" % question.brief']
)
def test_the_rule_sees_a_wire_that_writes_around_the_brief(body: str) -> None:
    assert interpolations(f"def request(self, question):\n    return {{'content': {body}}}")
