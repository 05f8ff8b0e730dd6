"""What the resource store holds."""

from dataclasses import dataclass
from typing import Any

from guard.sandbox.world import World


@dataclass(slots=True, kw_only=True)
class Item:
    """One resource: Pulumi's type token, its id on the platform, its properties as given."""

    type: str
    id: str
    properties: dict[str, Any]

    def as_document(self) -> dict[str, Any]:
        return {"type": self.type, "id": self.id, "properties": self.properties}


class Items:
    """All resources of a world, in order of creation."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Item] = {}
        self.accounts_ever: set[str] = set()
        """E-mails of every service account that was ever made: these are judged by their roles, also after they are gone."""

    def get(self, kind: str, name: str) -> Item | None:
        return self._items.get((kind, name))

    def of(self, kind: str = "") -> list[Item]:
        """Those of one type, or all."""
        return [item for item in self._items.values() if not kind or item.type == kind]

    def create(self, kind: str, name: str, properties: dict[str, Any]) -> Item:
        item = Item(type=kind, id=name, properties=properties)
        self._items[kind, name] = item
        if kind == "gcp:serviceaccount/account:Account":
            self.accounts_ever.add(str(properties.get("email", "")))
        return item

    def delete(self, item: Item) -> None:
        self._items.pop((item.type, item.id), None)


def items_of(world: World) -> Items:
    """The world's store, made at first use."""
    items: Items = world.settings.setdefault("resource_items", Items())
    return items
