"""Buckets and objects of one world, in memory."""

import base64
import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import google_crc32c

from guard.sandbox.clock import rfc3339
from guard.sandbox.storage.conditions import Conditions
from guard.sandbox.storage.errors import StorageError, invalid, no_bucket, no_object
from guard.sandbox.world import Project, World

Document = dict[str, Any]

WRITABLE: Final = frozenset(
    {
        *(
            "contentType",
            "contentEncoding",
            "contentDisposition",
            "contentLanguage",
            "cacheControl",
            "customTime",
            "metadata",
        ),
        *("storageClass", "temporaryHold", "eventBasedHold", "retention"),
    }
)
_BUCKET_OWN: Final = frozenset(
    {
        *(
            "kind",
            "id",
            "name",
            "selfLink",
            "projectNumber",
            "timeCreated",
            "updated",
            "metageneration",
            "etag",
            "location",
        ),
        "locationType",
    }
)
_BUCKET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_SETTING: Final = "storage.shelves"


@dataclass(slots=True)
class Blob:
    """One generation of an object. `removed_at` is set on a noncurrent one."""

    name: str
    data: bytes
    generation: int
    created_at: datetime
    updated_at: datetime
    fields: Document
    metageneration: int = 1
    removed_at: datetime | None = None
    components: int = 0

    @property
    def crc32c(self) -> str:
        """Base64 of the big-endian CRC32C, as the platform writes it."""
        return crc32c(self.data)


@dataclass(slots=True)
class Bucket:
    """One bucket: its document, its live objects by name, older generations, its IAM policy."""

    document: Document
    project: Project
    live: dict[str, Blob] = field(default_factory=dict)
    older: list[Blob] = field(default_factory=list)
    given: list[tuple[datetime, int]] = field(default_factory=list)  # bytes that a scenario puts here, not as objects
    policy: Document = field(default_factory=lambda: {"version": 1, "bindings": [], "etag": "CAE="})

    @property
    def name(self) -> str:
        """Its globally unique name."""
        return str(self.document["name"])

    @property
    def keeps_older(self) -> bool:
        """Whether object versioning is on."""
        return bool(self.document.get("versioning", {}).get("enabled"))

    def held(self) -> Iterator[tuple[str, int, datetime]]:
        """Storage class, bytes and from when on of everything that lies here, older generations too."""
        usual = str(self.document.get("storageClass", "STANDARD"))
        for since, size in self.given:
            yield usual, size, since
        for blob in (*self.live.values(), *self.older):
            yield str(blob.fields.get("storageClass", usual)), len(blob.data), blob.created_at

    def touch(self, now: datetime) -> None:
        """Count a change of the bucket's metadata."""
        self.document["metageneration"] = str(int(self.document["metageneration"]) + 1)
        self.document["updated"] = rfc3339(now)
        self.document["etag"] = _etag(int(self.document["metageneration"]))


class Shelves:
    """Every bucket. Methods that change something are atomic: preconditions and write happen under one lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buckets: dict[str, Bucket] = {}
        self._last_generation = 0
        self.lock = threading.RLock()

    def create(self, project: Project, document: Mapping[str, Any]) -> Bucket:
        """Make a bucket. Raises StorageError 400 for a bad name, 409 for one that is taken."""
        name = document.get("name")
        if not isinstance(name, str) or not _BUCKET_NAME.fullmatch(name) or (len(name) > 63 and "." not in name):
            raise invalid(f"Invalid bucket name: {name!r}")
        with self.lock:
            if name in self._buckets:
                message = "Your previous request to create the named bucket succeeded and you already own it."
                raise StorageError(409, "conflict", message)
            now = self._world.now()
            location = str(document.get("location", "US")).upper()
            whole = {
                "kind": "storage#bucket",
                "id": name,
                "name": name,
                "selfLink": f"/storage/v1/b/{name}",
                "projectNumber": project.number,
                "location": location,
                "locationType": "multi-region" if location in {"US", "EU", "ASIA"} else "region",
                "storageClass": "STANDARD",
                "timeCreated": rfc3339(now),
                "updated": rfc3339(now),
                "metageneration": "1",
                "etag": _etag(1),
                "iamConfiguration": {
                    "uniformBucketLevelAccess": {"enabled": False},
                    "publicAccessPrevention": "inherited",
                },
                "softDeletePolicy": {"retentionDurationSeconds": "604800", "effectiveTime": rfc3339(now)},
            }
            whole |= {key: value for key, value in document.items() if key not in _BUCKET_OWN and value is not None}
            bucket = Bucket(whole, project)
            self._buckets[name] = bucket
            return bucket

    def bucket(self, name: str) -> Bucket:
        """The bucket of this name. Raises StorageError 404."""
        if (bucket := self._buckets.get(name)) is None:
            raise no_bucket()
        return bucket

    def buckets(self, project: Project) -> list[Bucket]:
        """A project's buckets by name."""
        return [self._buckets[name] for name in sorted(self._buckets) if self._buckets[name].project is project]

    def remove_bucket(self, bucket: Bucket) -> None:
        """Delete a bucket. Raises StorageError 409 where something lies in it."""
        with self.lock:
            if bucket.live or bucket.older:
                raise StorageError(409, "conflict", "The bucket you tried to delete is not empty.")
            self._buckets.pop(bucket.name, None)

    def patch_bucket(self, bucket: Bucket, changes: Mapping[str, Any], conditions: Conditions) -> None:
        """Merge changes into a bucket's metadata; null removes a field."""
        with self.lock:
            conditions.check(0, int(bucket.document["metageneration"]))
            merge(bucket.document, {key: value for key, value in changes.items() if key not in _BUCKET_OWN})
            bucket.touch(self._world.now())

    def find(self, bucket: Bucket, name: str, generation: int | None = None) -> Blob | None:
        """The live object, or the one of this generation."""
        live = bucket.live.get(name)
        if generation is None or (live is not None and live.generation == generation):
            return live
        return next((one for one in bucket.older if (one.name, one.generation) == (name, generation)), None)

    def read(self, bucket: Bucket, name: str, generation: int | None, conditions: Conditions) -> Blob:
        """The object, if it is there and the conditions hold."""
        blob = self.find(bucket, name, generation)
        if blob is None:
            raise no_object(bucket.name, name)
        conditions.check(blob.generation, blob.metageneration, reading=True)
        return blob

    def write(
        self,
        bucket: Bucket,
        name: str,
        data: bytes,
        fields: Mapping[str, Any],
        conditions: Conditions,
        *,
        components: int = 0,
    ) -> Blob:
        """Put an object as a new generation, if the conditions hold of the one that it replaces.

        Raises StorageError 412 where they do not, 400 for a name or a checksum that is wrong.
        """
        if not 0 < len(name.encode()) <= 1024 or "\r" in name or "\n" in name:
            raise invalid(f"Invalid object name: {name!r}")
        _verify(data, fields)
        with self.lock:
            old = bucket.live.get(name)
            conditions.check(old.generation if old else 0, old.metageneration if old else 0)
            now = self._world.now()
            self._last_generation = max(self._last_generation + 1, int(now.timestamp() * 1_000_000))
            kept = {key: value for key, value in fields.items() if key in WRITABLE and value is not None}
            kept.setdefault("contentType", "application/octet-stream")
            blob = Blob(name, data, self._last_generation, now, now, kept, components=components)
            self._retire(bucket, old, now)
            bucket.live[name] = blob
            return blob

    def patch(
        self, bucket: Bucket, name: str, generation: int | None, changes: Mapping[str, Any], conditions: Conditions
    ) -> Blob:
        """Merge changes into an object's metadata; null removes a field or a key. Raises StorageError 404 or 412."""
        with self.lock:
            blob = self.find(bucket, name, generation)
            if blob is None:
                raise no_object(bucket.name, name)
            conditions.check(blob.generation, blob.metageneration)
            merge(blob.fields, {key: value for key, value in changes.items() if key in WRITABLE})
            blob.metageneration += 1
            blob.updated_at = self._world.now()
            return blob

    def remove(self, bucket: Bucket, name: str, generation: int | None, conditions: Conditions) -> None:
        """Delete an object, or one generation of it. Raises StorageError 404 or 412."""
        with self.lock:
            blob = self.find(bucket, name, generation)
            if blob is None:
                raise no_object(bucket.name, name)
            conditions.check(blob.generation, blob.metageneration)
            if blob.removed_at is not None:
                bucket.older.remove(blob)
                return
            del bucket.live[name]
            if generation is None:
                self._retire(bucket, blob, self._world.now())

    def objects(self, bucket: Bucket, *, older: bool) -> Iterator[Blob]:
        """Objects by name, older generations first."""
        found = [*bucket.live.values(), *(bucket.older if older else ())]
        yield from sorted(found, key=lambda one: (one.name, one.generation))

    @staticmethod
    def _retire(bucket: Bucket, blob: Blob | None, now: datetime) -> None:
        if blob is not None and bucket.keeps_older:
            blob.removed_at = now
            bucket.older.append(blob)


def shelves_of(world: World) -> Shelves:
    """The buckets of a world: one set, whoever asks first."""
    with world.lock:
        if _SETTING not in world.settings:
            world.settings[_SETTING] = Shelves(world)
        shelves: Shelves = world.settings[_SETTING]
        return shelves


def crc32c(data: bytes) -> str:
    """Base64 of the big-endian CRC32C of some bytes."""
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def md5(data: bytes) -> str:
    """Base64 of the MD5 of some bytes."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def merge(document: Document, changes: Mapping[str, Any]) -> None:
    """Apply a JSON merge patch (RFC 7396)."""
    for key, value in changes.items():
        if value is None:
            document.pop(key, None)
        elif isinstance(value, Mapping):
            inner = document.setdefault(key, {})
            if isinstance(inner, dict):
                merge(inner, value)
            else:
                document[key] = dict(value)
        else:
            document[key] = value


def _verify(data: bytes, fields: Mapping[str, Any]) -> None:
    for name, key, made in (("CRC32C", "crc32c", crc32c), ("MD5", "md5Hash", md5)):
        given = fields.get(key)
        if given and given != made(data):
            raise invalid(f'Provided {name} "{given}" doesn\'t match calculated {name} "{made(data)}".')


def _etag(metageneration: int) -> str:
    return base64.b64encode(b"\x08" + metageneration.to_bytes(1 + metageneration // 256, "big")).decode()
