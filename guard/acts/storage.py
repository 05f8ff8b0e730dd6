"""Objects of a bucket, through the official Cloud Storage client; retries off on what changes something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from guard.acts.errors import translated
from guard.ports.errors import ConfigInvalid, Gone
from guard.ports.mutations import CALL_TIMEOUT


def delete_object(client: Any, bucket: str, name: str, *, generation: int) -> None:
    """Delete an object as it was looked at.

    Raises GuardError: Gone where it is not there any more, Busy where another one was written under the name since.
    """
    with translated(f"delete gs://{bucket}/{name}"):
        blob = client.bucket(bucket).blob(name)
        blob.delete(if_generation_match=generation, timeout=CALL_TIMEOUT.total_seconds(), retry=None)


class BucketStore:
    """Claims and recipes; see guard.ports.mutations.Store. `address` is gs://bucket[/prefix]."""

    def __init__(self, address: str, *, client: Callable[[], Any]) -> None:
        scheme, _, rest = address.partition("://")
        bucket, _, prefix = rest.partition("/")
        if scheme != "gs" or not bucket:
            raise ConfigInvalid(f"bucket: found {address!r}, expected gs://BUCKET or gs://BUCKET/PREFIX.")
        self._bucket_name = bucket
        self._prefix = prefix.strip("/")
        self._make_client = client
        self._bucket: Any = None

    def put(self, path: str, content: bytes, *, if_generation: int | None) -> int:
        with translated(f"write {self.address(path)}"):
            blob = self._blob(path)
            blob.upload_from_string(
                content,
                content_type="application/json",
                if_generation_match=if_generation,
                timeout=CALL_TIMEOUT.total_seconds(),
                retry=None,
            )
            return int(blob.generation)

    def read(self, path: str) -> tuple[bytes, int] | None:
        try:
            with translated(f"read {self.address(path)}"):
                blob = self._blob(path)
                content = blob.download_as_bytes(timeout=CALL_TIMEOUT.total_seconds())
                if blob.generation is None:
                    blob.reload(timeout=CALL_TIMEOUT.total_seconds())
                return content, int(blob.generation)
        except Gone:
            return None

    def address(self, path: str) -> str:
        return f"gs://{self._bucket_name}/{self._full(path)}"

    def _full(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path

    def _blob(self, path: str) -> Any:
        if self._bucket is None:
            self._bucket = self._make_client().bucket(self._bucket_name)
        return self._bucket.blob(self._full(path))
