"""Cloud Storage of the sandbox, driven by the unchanged client library over the wire."""

import io
import itertools
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from guard.sandbox.server import Running, start_in_thread
from guard.sandbox.world import Project, World

NUMBERS = itertools.count(1)
NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    world = World(start=NOW)
    world.add_project(Project(id="demo", number="123456"))
    with start_in_thread(world) as running:
        yield running


@pytest.fixture(scope="module")
def client(sandbox: Running) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", sandbox.http)
        patch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
        from google.cloud import storage

        client = storage.Client(project="demo")
        yield client
        client.close()


@pytest.fixture
def bucket(sandbox: Running, client: Any) -> Iterator[Any]:
    sandbox.world.faults.clear()
    bucket = client.create_bucket(f"bucket-{next(NUMBERS)}")
    yield bucket
    sandbox.world.faults.clear()
    bucket.delete(force=True)


def test_a_bucket_is_made_listed_changed_and_deleted(client: Any) -> None:
    made = client.create_bucket("first-bucket", location="europe-west4")
    made.labels = {"team": "ml"}
    made.versioning_enabled = True
    made.patch()
    found = client.get_bucket("first-bucket")

    assert (found.location, found.project_number, found.metageneration) == ("EUROPE-WEST4", 123456, 2)
    assert (found.labels, found.versioning_enabled) == ({"team": "ml"}, True)
    assert "first-bucket" in [one.name for one in client.list_buckets()]
    found.delete()
    assert client.lookup_bucket("first-bucket") is None


def test_a_bucket_that_is_taken_or_misnamed_or_full_is_refused(client: Any, bucket: Any) -> None:
    from google.api_core import exceptions

    with pytest.raises(exceptions.Conflict, match="already own it"):
        client.create_bucket(bucket.name)
    with pytest.raises(exceptions.BadRequest, match="Invalid bucket name"):
        client._connection.api_request(method="POST", path="/b", query_params={"project": "demo"}, data={"name": "Xy"})
    bucket.blob("a").upload_from_string("x")
    with pytest.raises(exceptions.Conflict, match="not empty"):
        bucket.delete()
    with pytest.raises(exceptions.BadRequest, match="Unknown project id: nowhere"):
        client.create_bucket("other-bucket", project="nowhere")


def test_what_is_uploaded_comes_back_with_its_checksum(bucket: Any) -> None:
    blob = bucket.blob("deep/ü b.json")
    blob.metadata = {"by": "guard"}
    blob.upload_from_string('{"a": 1}', content_type="application/json", checksum="crc32c")
    found = bucket.get_blob("deep/ü b.json")

    assert (found.content_type, found.size, found.metadata) == ("application/json", 8, {"by": "guard"})
    assert found.crc32c == blob.crc32c
    assert found.md5_hash
    assert found.download_as_bytes(checksum="md5") == b'{"a": 1}'


def test_a_resumable_upload_arrives_in_chunks(bucket: Any) -> None:
    data = os.urandom(600_000)
    blob = bucket.blob("big", chunk_size=262_144)
    blob.upload_from_file(io.BytesIO(data), size=len(data))
    with bucket.blob("stream").open("wb", chunk_size=262_144) as stream:
        stream.write(data)

    assert bucket.blob("big").download_as_bytes() == data
    assert bucket.blob("stream").download_as_bytes() == data


def test_a_resumable_upload_tells_how_much_has_arrived(sandbox: Running, bucket: Any) -> None:
    url = f"{sandbox.http}/upload/storage/v1/b/{bucket.name}/o"
    begun = requests.post(url, params={"uploadType": "resumable"}, json={"name": "big"}, timeout=5)
    session = begun.headers["Location"]
    first = requests.put(session, data=b"01234", headers={"Content-Range": "bytes 0-4/8"}, timeout=5)
    asked = requests.put(session, headers={"Content-Range": "bytes */8"}, timeout=5)
    hole = requests.put(session, data=b"7", headers={"Content-Range": "bytes 7-7/8"}, timeout=5)

    assert [(one.status_code, one.headers.get("Range")) for one in (first, asked)] == [(308, "bytes=0-4")] * 2
    assert hole.status_code == 503
    assert bucket.get_blob("big") is None
    last = requests.put(session, data=b"567", headers={"Content-Range": "bytes 5-7/8"}, timeout=5)
    assert (last.status_code, bucket.blob("big").download_as_bytes()) == (200, b"01234567")


def test_a_wrong_checksum_is_refused(sandbox: Running, bucket: Any) -> None:
    url = f"{sandbox.http}/upload/storage/v1/b/{bucket.name}/o"
    refused = requests.post(
        url,
        params={"uploadType": "media", "name": "a"},
        data=b"x",
        headers={"X-Goog-Hash": "crc32c=AAAAAA=="},
        timeout=5,
    )

    assert refused.status_code == 400
    assert "doesn't match calculated CRC32C" in refused.json()["error"]["message"]
    assert bucket.get_blob("a") is None


def test_ranges_and_both_download_addresses(sandbox: Running, bucket: Any) -> None:
    bucket.blob("a/b").upload_from_string("0123456789")
    path = f"/storage/v1/b/{bucket.name}/o/a%2Fb?alt=media"

    assert bucket.blob("a/b").download_as_bytes(start=2, end=4) == b"234"
    for root in ("", "/download"):
        part = requests.get(sandbox.http + root + path, headers={"Range": "bytes=-3"}, timeout=5)
        assert (part.status_code, part.content, part.headers["Content-Range"]) == (206, b"789", "bytes 7-9/10")
    beyond = requests.get(sandbox.http + path, headers={"Range": "bytes=10-"}, timeout=5)
    assert beyond.status_code == 416


def test_generation_zero_writes_once(bucket: Any) -> None:
    from google.api_core import exceptions

    bucket.blob("claim").upload_from_string("first", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed, match="pre-conditions"):
        bucket.blob("claim").upload_from_string("second", if_generation_match=0)

    assert bucket.blob("claim").download_as_bytes() == b"first"


def test_only_one_of_many_writers_gets_the_claim(sandbox: Running, bucket: Any) -> None:
    url = f"{sandbox.http}/upload/storage/v1/b/{bucket.name}/o"
    codes: list[int] = []

    def claim(who: int) -> None:
        params: dict[str, Any] = {"uploadType": "media", "name": "claim", "ifGenerationMatch": 0}
        codes.append(requests.post(url, params=params, data=str(who), timeout=10).status_code)

    threads = [threading.Thread(target=claim, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(codes) == [200] + [412] * 7


def test_a_generation_that_moved_on_is_neither_written_nor_deleted(bucket: Any) -> None:
    from google.api_core import exceptions

    blob = bucket.blob("state")
    blob.upload_from_string("1")
    old = blob.generation
    blob.upload_from_string("2", if_generation_match=old)
    assert blob.generation > old

    with pytest.raises(exceptions.PreconditionFailed):
        blob.upload_from_string("3", if_generation_match=old)
    with pytest.raises(exceptions.PreconditionFailed):
        blob.delete(if_generation_match=old)
    with pytest.raises(exceptions.PreconditionFailed):
        blob.patch(if_metageneration_match=7)
    with pytest.raises(exceptions.NotFound):
        bucket.blob("nothing").delete(if_generation_match=5)
    assert blob.download_as_bytes() == b"2"
    blob.delete(if_generation_match=blob.generation)
    assert not blob.exists()


def test_a_read_of_what_did_not_change_is_304(sandbox: Running, bucket: Any) -> None:
    blob = bucket.blob("a")
    blob.upload_from_string("x")
    url = f"{sandbox.http}/storage/v1/b/{bucket.name}/o/a"

    assert requests.get(url, params={"ifGenerationNotMatch": blob.generation}, timeout=5).status_code == 304
    assert requests.get(url, params={"ifGenerationMatch": 1}, timeout=5).status_code == 412


def test_metadata_is_patched_and_counted(bucket: Any) -> None:
    blob = bucket.blob("a")
    blob.upload_from_string("x")
    blob.metadata = {"k": "v"}
    blob.cache_control = "no-store"
    blob.patch()

    found = bucket.get_blob("a")
    assert (found.metageneration, found.metadata, found.cache_control) == (2, {"k": "v"}, "no-store")


def test_listing_by_prefix_delimiter_and_pages(client: Any, bucket: Any) -> None:
    for name in ("a/1", "a/2", "a/b/3", "a/b/4", "c"):
        bucket.blob(name).upload_from_string(name)

    assert [one.name for one in client.list_blobs(bucket, prefix="a/")] == ["a/1", "a/2", "a/b/3", "a/b/4"]
    by_folder = client.list_blobs(bucket, prefix="a/", delimiter="/")
    assert [one.name for one in by_folder] == ["a/1", "a/2"]
    assert by_folder.prefixes == {"a/b/"}
    pages = client.list_blobs(bucket, page_size=2).pages
    assert [[one.name for one in page] for page in pages] == [["a/1", "a/2"], ["a/b/3", "a/b/4"], ["c"]]
    assert [one.name for one in client.list_blobs(bucket, start_offset="a/2", end_offset="c")] == [
        "a/2",
        "a/b/3",
        "a/b/4",
    ]


def test_older_generations_stay_when_versioning_is_on(client: Any, bucket: Any) -> None:
    bucket.versioning_enabled = True
    bucket.patch()
    blob = bucket.blob("a")
    blob.upload_from_string("1")
    first = blob.generation
    blob.upload_from_string("2")
    bucket.delete_blob("a")

    assert bucket.get_blob("a") is None
    assert bucket.blob("a", generation=first).download_as_bytes() == b"1"
    versions = list(client.list_blobs(bucket, versions=True))
    assert [one.time_deleted is not None for one in versions] == [True, True]
    for one in versions:
        bucket.delete_blob("a", generation=one.generation)


def test_copy_rewrite_rename_and_compose(bucket: Any) -> None:
    from google.api_core import exceptions

    one, two = bucket.blob("one"), bucket.blob("dir/two")
    one.upload_from_string("1", content_type="text/plain")
    two.upload_from_string("2")
    copied = bucket.copy_blob(one, bucket, "copy of/one")
    token, done, size = bucket.blob("rewritten").rewrite(two)
    joined = bucket.blob("joined")
    joined.compose([one, two])
    bucket.rename_blob(copied, "renamed")

    assert bucket.get_blob("renamed").content_type == "text/plain"
    assert (token, done, size) == (None, 1, 1)
    assert joined.download_as_bytes() == b"12"
    assert (bucket.get_blob("joined").md5_hash, bucket.get_blob("joined").component_count) == (None, 2)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.copy_blob(one, bucket, "dir/two", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.copy_blob(one, bucket, "three", if_source_generation_match=1)
    with pytest.raises(exceptions.NotFound):
        joined.compose([bucket.blob("nowhere")])


def test_what_is_not_there_is_404_in_storage_words(client: Any, bucket: Any) -> None:
    from google.api_core import exceptions

    with pytest.raises(exceptions.NotFound, match="No such object"):
        bucket.blob("nothing").download_as_bytes()
    with pytest.raises(exceptions.NotFound, match="The specified bucket does not exist"):
        client.get_bucket("nowhere-at-all")
    assert not bucket.blob("nothing").exists()


def test_the_policy_of_a_bucket_is_kept(bucket: Any) -> None:
    policy = bucket.get_iam_policy()
    policy.bindings = [
        {"role": "roles/storage.objectUser", "members": {"serviceAccount:g@demo.iam.gserviceaccount.com"}}
    ]
    bucket.set_iam_policy(policy)

    assert bucket.get_iam_policy().bindings[0]["role"] == "roles/storage.objectUser"


def test_a_caller_without_the_permission_is_refused(sandbox: Running, bucket: Any) -> None:
    from google.api_core import exceptions

    sandbox.world.faults.add("permission_lost", at=NOW, scope={"permission": "storage.objects.create"})
    with pytest.raises(exceptions.Forbidden, match=r"does not have storage\.objects\.create access"):
        bucket.blob("a").upload_from_string("x")
    sandbox.world.faults.clear()
    assert bucket.get_blob("a") is None


def test_an_answer_dropped_after_the_write_leaves_the_object_there(sandbox: Running, bucket: Any) -> None:
    scope = {"service": "storage", "method": "objects.insert"}
    sandbox.world.faults.add("answer_dropped", at=NOW, scope=scope, count=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        bucket.blob("claim").upload_from_string("mine", if_generation_match=0, retry=None)

    assert bucket.blob("claim").download_as_bytes() == b"mine"
    last = [call for call in sandbox.world.calls if call.method == "objects.insert"][-1]
    assert (last.status, last.changes, last.resource) == (0, True, f"projects/_/buckets/{bucket.name}")


@pytest.mark.parametrize("kind", ["rate_limited", "server_error"])
def test_a_refused_write_writes_nothing(sandbox: Running, bucket: Any, kind: str) -> None:
    from google.api_core import exceptions

    sandbox.world.faults.add(kind, at=NOW, scope={"service": "storage", "method": "objects.insert"}, count=1)
    with pytest.raises((exceptions.TooManyRequests, exceptions.ServiceUnavailable)):
        bucket.blob("a").upload_from_string("x", retry=None)

    assert bucket.get_blob("a") is None


@pytest.mark.parametrize(
    ("kind", "seen"),
    [("listing_shrinks", ["a", "b"]), ("page_missing", ["a", "b"]), ("page_repeated", ["a", "b", "a", "b"])],
)
def test_listings_can_go_wrong(sandbox: Running, client: Any, bucket: Any, kind: str, seen: list[str]) -> None:
    for name in "abcd":
        bucket.blob(name).upload_from_string(name)
    sandbox.world.faults.add(kind, at=NOW, scope={"service": "storage"})

    assert [one.name for one in client.list_blobs(bucket, page_size=2)] == seen
    sandbox.world.faults.clear()


def test_times_are_those_of_the_virtual_clock(sandbox: Running, bucket: Any) -> None:
    before = sandbox.world.now()
    sandbox.world.advance(timedelta(days=400))
    bucket.blob("a").upload_from_string("x")

    assert bucket.get_blob("a").time_created == before + timedelta(days=400)
