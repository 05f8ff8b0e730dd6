"""Prices carry source and date, unknown is never 0, and what a tune costs and how long it lasts is said before it starts."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from finetune.console import usd
from finetune.costs import default_epochs, hosting_cost, repaid_after_calls, retirement_sentence, training_cost
from finetune.errors import UserError
from finetune.limits import DEFAULT_MODEL, TARGETS, limits_of
from finetune.prices import PriceBook

TODAY = date(2026, 11, 24)


def test_every_packaged_price_has_a_source_and_a_day() -> None:
    data = json.loads((Path(__file__).parents[2] / "scripts/finetune/data/prices.json").read_text())

    for row in [*data["models"], *data["machines"]]:
        assert row["source"] in data["sources"], row
    assert date.fromisoformat(data["read_on"]) <= TODAY


def test_every_default_model_is_priced_and_every_limit_has_a_source() -> None:
    book = PriceBook.load()

    for target in TARGETS:
        assert book.model(DEFAULT_MODEL[target]).provider == target
        assert limits_of(target).source


def test_training_costs_tokens_times_epochs_times_price() -> None:
    price = PriceBook.load().model("gpt-4.1-mini-2025-04-14")

    cost = training_cost(price, tokens=1_000_000, examples=500, epochs=3)

    assert (cost.low, cost.high) == (Decimal(15), Decimal(15))


def test_without_chosen_epochs_the_cost_is_a_range_around_the_usual_choice() -> None:
    price = PriceBook.load().model("gpt-4.1-mini-2025-04-14")

    cost = training_cost(price, tokens=1_000_000, examples=500, epochs=None)

    assert (cost.epochs_low, cost.epochs_high, cost.low, cost.high) == (2, 4, Decimal(10), Decimal(20))


@pytest.mark.parametrize(
    ("examples", "epochs"), [(10, 10), (3, 25), (33, 3), (34, 3), (500, 3), (20_000, 1), (10_000, 2)]
)
def test_the_usual_epochs_follow_the_cookbooks_rule(examples: int, epochs: int) -> None:
    assert default_epochs(examples) == epochs


def test_the_order_of_magnitude_agrees_with_real_jobs(shared_data: Path) -> None:
    """Tokens that real jobs were billed for are a multiple of their epochs: what is multiplied here is what is billed there."""
    rows = [line.split(",") for line in (shared_data / "openai_tuning_jobs.csv").read_text().splitlines()[1:]]

    assert len(rows) == 14
    assert sum(int(row[6]) % int(row[3]) == 0 for row in rows) >= 12


def test_a_machine_without_a_price_is_unknown_and_not_free() -> None:
    host = hosting_cost("z9-mega", PriceBook.load().machine("z9-mega", "us-central1"))

    assert (host.hour, host.day, host.month) == (None, None, None)
    assert usd(host.hour) == "unknown"


def test_a_known_machine_costs_by_hour_day_and_month() -> None:
    host = hosting_cost("g2-standard-12", PriceBook.load().machine("g2-standard-12", "us-central1"), replicas=2)

    assert (host.hour, host.day) == (Decimal("2.3014"), Decimal("55.2336"))
    assert host.month == Decimal("2.3014") * 730


def test_a_tune_made_today_says_on_which_day_it_dies() -> None:
    sentence = retirement_sentence(PriceBook.load().model("ft:gpt-4.1-2025-04-14:acme::x"), TODAY)

    assert sentence is not None
    assert "2027-01-14, in 51 days" in sentence
    assert "2027-01-06" in sentence


def test_a_base_that_is_gone_is_not_offered() -> None:
    names = {price.model for price in PriceBook.load().tunable("openai", TODAY)}

    assert "gpt-4.1-nano-2025-04-14" not in names
    assert len(names) == 4
    assert PriceBook.load().tunable("openai", date(2027, 1, 7)) == []


def test_calls_a_month_that_repay_are_rounded_up_and_never_is_none() -> None:
    assert repaid_after_calls(Decimal(5), Decimal("0.002"), Decimal("0.001")) == 5000
    assert repaid_after_calls(Decimal(5), Decimal("0.003"), Decimal("0.001"), hosting=Decimal(1)) == 3000
    assert repaid_after_calls(Decimal("5.0001"), Decimal("0.002"), Decimal("0.001")) == 5001
    assert repaid_after_calls(Decimal(5), Decimal("0.001"), Decimal("0.001")) is None
    assert repaid_after_calls(Decimal(5), None, Decimal("0.001")) is None
    assert repaid_after_calls(Decimal(5), Decimal("0.002"), Decimal("0.001"), hosting=None) is None


def test_a_price_of_the_users_replaces_the_packaged_one(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    row = {"provider": "openai", "model": "gpt-4.1-2025-04-14", "training": "1", "source": "my contract"}
    path.write_text(json.dumps({"read_on": "2026-11-01", "models": [row]}))

    price = PriceBook.load(path).model("gpt-4.1-2025-04-14")

    assert (price.training, price.source, price.read_on) == (Decimal(1), "my contract", date(2026, 11, 1))


@pytest.mark.parametrize(
    "text", ["{", '{"models": [{"model": "x"}], "read_on": "2026-11-01"}', '{"read_on": "x", "models": [{}]}']
)
def test_a_price_file_with_a_fault_is_one_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text)

    with pytest.raises(UserError, match=r"p\.json"):
        PriceBook.load(path)


def test_old_prices_warn() -> None:
    book = PriceBook.load()

    assert book.age_warning(TODAY) is None
    assert "check them" in (book.age_warning(date(2027, 6, 1)) or "")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("0.8", "$0.80"),
        ("0.642444", "$0.6424"),
        ("0.0000123", "$0.0000123"),
        ("1234.5", "$1,234.50"),
        ("0.00005", "$0.00005"),
    ],
)
def test_amounts_read_as_people_write_them(amount: str, text: str) -> None:
    assert usd(Decimal(amount)) == text
