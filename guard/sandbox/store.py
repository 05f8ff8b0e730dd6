"""Raw JSON documents by canonical name, listed by collection, with a version for every change of a collection."""

from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]


class Store:
    """Documents as the wire shows them. A name is canonical: `projects/NUMBER/locations/L/endpoints/ID`."""

    def __init__(self) -> None:
        self._collections: dict[str, dict[str, Document]] = {}
        self._versions: dict[str, int] = {}

    def get(self, name: str) -> Document | None:
        """The document of this name, the live object: whoever changes it calls `put` afterwards."""
        return self._collections.get(_collection(name), {}).get(name)

    def put(self, name: str, document: Document) -> None:
        """Add or replace."""
        collection = _collection(name)
        self._collections.setdefault(collection, {})[name] = document
        self._versions[collection] = self._versions.get(collection, 0) + 1

    def delete(self, name: str) -> bool:
        """Remove; False when it was not there."""
        collection = _collection(name)
        if self._collections.get(collection, {}).pop(name, None) is None:
            return False
        self._versions[collection] = self._versions.get(collection, 0) + 1
        return True

    def documents(self, collection: str) -> list[Document]:
        """Documents of `projects/NUMBER/locations/L/endpoints` and the like, in order of creation."""
        return list(self._collections.get(collection, {}).values())

    def version(self, collection: str) -> int:
        """Grows with every change of the collection: what a cached answer is checked against."""
        return self._versions.get(collection, 0)

    def collections(self) -> list[str]:
        """Every collection that holds something."""
        return [name for name, documents in self._collections.items() if documents]

    def all(self, kind: str) -> Iterator[tuple[str, Document]]:
        """(name, document) of every resource of a kind (`endpoints`, `models`, ...) in all projects and locations."""
        for collection, documents in list(self._collections.items()):
            if collection.rpartition("/")[2] == kind:
                yield from list(documents.items())


def _collection(name: str) -> str:
    return name.rpartition("/")[0]
