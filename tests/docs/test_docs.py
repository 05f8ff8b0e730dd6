"""What the docs say is so: pages made from the code are fresh, links lead somewhere, commands and options exist, YAML is YAML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cyclopts import CycloptsError, MissingArgumentError
from ruamel.yaml import YAML

from guard.cli.app import COMMANDS, make_app
from tests.docs.pages import (
    HEADING,
    LINK,
    MADE,
    PAGES,
    ROOT,
    Shown,
    anchor,
    blocks,
    name_of,
    prose,
    shown_commands,
    words_of,
)

SHOWN = [one for page in PAGES if page.name not in MADE for one in dict.fromkeys(shown_commands(page))]


def test_pages_made_from_the_code_are_fresh() -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert module.stale() == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for target in LINK.findall(prose(page)):
        if re.match(r"(https?|mailto):", target):
            continue
        file, _, fragment = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        if not there.exists():
            dead.append(target)
        elif fragment and there.suffix == ".md":
            headings = {anchor(heading) for heading in HEADING.findall(there.read_text("utf-8"))}
            if fragment not in headings and f'id="{fragment}"' not in there.read_text("utf-8"):
                dead.append(target)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_yaml_block_is_yaml(page: Path) -> None:
    for language, text in blocks(page):
        if language in {"yaml", "yml"}:
            list(YAML(typ="safe").load_all(text))


@pytest.mark.parametrize("shown", SHOWN, ids=str)
def test_a_command_on_a_page_exists_with_its_options(shown: Shown) -> None:
    app = make_app()
    words = [re.sub(r"^<(.*)>$", r"\1", word) for word in shown.words]
    if set(words) & {"--help", "-h", "--version", "--install-completion"}:
        return
    try:
        app.parse_args(words, exit_on_error=False, print_error=False)
    except MissingArgumentError:
        assert not shown.whole, "a line to type needs all of its arguments"
    except CycloptsError as error:
        pytest.fail(f"{shown}: {error}")


def test_the_docs_show_commands_at_all() -> None:
    """So that the test above cannot pass by finding nothing."""
    found = {shown.words[0] for shown in SHOWN if shown.words}

    assert found >= {"demo", "init", "doctor", "run", "status", "plan", "explain", "keep", "restore", "pause"}
    assert words_of("A=1 tuneguard keep NAME [--why TEXT] # a comment") == ("keep", "NAME", "--why", "TEXT")
    assert words_of("tuneguard status -o json | head") == ("status", "-o", "json")
    assert words_of("tuneguard-keep=true") is None


def test_every_command_is_in_the_reference() -> None:
    text = (ROOT / "docs/reference/cli.md").read_text("utf-8")

    assert [name for name, _, _ in COMMANDS if f"## tuneguard {name}\n" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_on_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    lines = [line.strip() for _, text in blocks(page) for line in text.splitlines()]
    lines += re.findall(r"`(make [^`]+)`", prose(page))
    named = {
        word
        for line in lines
        if line.startswith("make ")
        for word in line.split("#")[0].split()[1:]
        if re.fullmatch(r"[a-z][a-z-]*", word)
    }

    assert named - targets == set()
