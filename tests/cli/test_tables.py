"""Tables fit whatever is in them; what comes from outside steers neither the layout nor the terminal."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

from hypothesis import given
from hypothesis import strategies as st

from guard.cli.common import say, table
from guard.cli.fitting import shortened, widths
from guard.cli.showing import held_by_limits
from guard.desk.finding import names_of

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=150)
COLUMNS = ("thing", "where", ("an hour", "right"), "verdict", "next")


def printed(*rows: tuple[str, ...]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        table(COLUMNS, rows)
    return out.getvalue()


@given(st.lists(st.tuples(*[texts] * len(COLUMNS)), max_size=5))
def test_a_table_fits_100_columns(rows: list[tuple[str, ...]]) -> None:
    from rich.cells import cell_len

    assert max(map(cell_len, printed(*rows).split("\n"))) <= 100


@given(st.lists(st.tuples(texts, texts, texts), max_size=5), st.integers(min_value=20, max_value=120))
def test_widths_never_exceed_the_room(rows: list[tuple[str, ...]], most: int) -> None:
    found = widths(("a", "b", "c"), rows, most)

    assert sum(found) + 2 * len(found) <= most
    assert all(width >= 1 for width in found)


def test_words_stay_whole_while_they_can() -> None:
    rows = [
        ("forgotten-gpu", "demo-research us-central1", "$1.15", "unknown: its metrics are missing or late " * 3, "-")
    ]

    out = printed(*rows)

    for word in ("forgotten-gpu", "demo-research", "us-central1", "missing"):
        assert word in out


@given(texts)
def test_control_characters_never_reach_the_terminal(text: str) -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        say("{name}", name=text)
    shown = out.getvalue() + printed((text, "", "", "", ""))

    assert "\x1b" not in shown
    assert all(sign.isprintable() or sign == "\n" for sign in shown)


@given(st.text(st.sampled_from("[]/boldred\\ "), max_size=30))
def test_a_name_is_printed_as_it_is_and_never_read_as_marks(name: str) -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        say("[bold]{name}[/]", name=name)

    assert out.getvalue() == f"{name}\n"


@given(st.text(max_size=80), st.integers(min_value=3, max_value=40))
def test_a_shortened_name_keeps_both_ends(name: str, most: int) -> None:
    short = shortened(name, most)

    assert len(short) <= most
    assert short == name or (name.startswith(short.partition("…")[0]) and name.endswith(short.rpartition("…")[2]))


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["a", "m", "n"]), st.integers(1, 9)),
        max_size=8,
        unique_by=lambda one: one[2],
    )
)
def test_things_in_one_table_have_different_names(things: list[tuple[str, str, int]]) -> None:
    names = names_of(
        {"subject": f"projects/1/locations/x/endpoints/{id}", "endpoint_display_name": endpoint, "display_name": own}
        for endpoint, own, id in things  # noqa: A001  # the field's name
    )

    assert len(set(names.values())) == len(things)


def test_what_the_limits_hold_back_is_added_up_once_a_pool_and_only_where_nothing_else_blocks() -> None:
    def blocked(subject: str, amount: str | None, *blocks: str, group: str | None = None) -> dict[str, object]:
        rate = None if amount is None else {"amount": amount, "currency": "USD"}
        return {"subject": subject, "blocks": list(blocks), "group": group, "group_rate": rate if group else None,
                "rate": None if group else rate}  # fmt: skip

    plan = [
        blocked("a", "1.50", "throttled"),
        blocked("b", "0.75", "throttled", group="pool"),
        blocked("c", "0.75", "throttled", group="pool"),
        blocked("d", "9.00", "large_widening", "throttled"),
    ]

    assert "alone hold back 2 of these, $2.25 an hour." in held_by_limits(plan)
    assert "hold back 3 of these, $2.25 an hour at least." in held_by_limits([*plan, blocked("e", None, "throttled")])
    assert held_by_limits(plan[3:]) == ""
