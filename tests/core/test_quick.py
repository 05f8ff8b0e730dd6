"""Values with a quick constructor are what a frozen dataclass makes, in everything but the time it takes."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from guard.core.quick import quick
from tests import builders as b


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    name: str
    size: int = 3
    tags: tuple[str, ...] = ()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    name: str
    size: int = 3
    tags: tuple[str, ...] = ()


def test_it_has_the_same_fields_defaults_hash_and_text() -> None:
    quickly, plainly = Quick(name="a", tags=("x",)), Plain(name="a", tags=("x",))
    assert type(quickly) is Quick
    assert (quickly.name, quickly.size, quickly.tags) == ("a", 3, ("x",))
    assert hash(quickly) == hash(plainly)
    assert repr(quickly).removeprefix("Quick") == repr(plainly).removeprefix("Plain")


def test_equal_fields_make_equal_values_and_others_do_not() -> None:
    assert Quick(name="a") == Quick(name="a", size=3)
    assert Quick(name="a") != Quick(name="b")
    other: object = Plain(name="a")
    assert Quick(name="a") != other


def test_it_cannot_be_changed() -> None:
    value = Quick(name="a")
    with pytest.raises(FrozenInstanceError):
        value.name = "b"  # type: ignore[misc]  # what is tested
    with pytest.raises(FrozenInstanceError):
        del value.name


def test_a_verdict_and_its_subject_cannot_be_changed() -> None:
    verdict = b.the_verdict(b.a_snapshot(b.an_endpoint()), b.a_usage())
    with pytest.raises(FrozenInstanceError):
        verdict.policy = "another"  # type: ignore[misc]  # what is tested
    with pytest.raises(FrozenInstanceError):
        verdict.subject.name = "another"  # type: ignore[misc]  # what is tested


def test_it_can_be_replaced_copied_and_pickled() -> None:
    value = Quick(name="a", tags=("x",))
    assert replace(value, size=4) == Quick(name="a", size=4, tags=("x",))
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("given", [{}, {"name": "a", "colour": 1}])
def test_missing_and_unknown_fields_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(TypeError, match=r"Quick.__init__\(\)"):
        Quick(**given)  # type: ignore[arg-type]  # what is tested


def test_a_refused_value_is_never_left_open() -> None:
    value = Quick.__new__(Quick)
    with pytest.raises(TypeError):
        value.__init__()  # type: ignore[misc]  # what is tested
    assert type(value) is Quick


@dataclass(frozen=True, slots=True, kw_only=True)
class WithFactory:
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Open:
    name: str


@dataclass(frozen=True, kw_only=True)
class WithoutSlots:
    name: str


@dataclass(frozen=True, slots=True)
class Positional:
    name: str


class NoDataclass:
    pass


@pytest.mark.parametrize("cls", [WithFactory, Open, WithoutSlots, Positional, NoDataclass])
def test_other_classes_are_refused(cls: type) -> None:
    with pytest.raises(TypeError):
        quick(cls)
