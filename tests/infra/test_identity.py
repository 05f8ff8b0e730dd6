"""Story 10: the daemon under the identity that `up` made. What it may do is what the platform lets that account do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guard import wiring
from guard.cli.app import run as run_command_line
from guard.core.reasons import BlockReason
from guard.core.removal import ActState
from guard.daemon.cycle import Result
from tests.e2e.harness import Sink, a_sink
from tests.infra.cloud import ACCOUNT, PROJECT, REGION, SMALL, Cloud

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pulumi")]
UNDEPLOY = f"/v1beta1/projects/{PROJECT}/locations/{REGION}/endpoints/chat:undeployModel"


@contextmanager
def a_guard(cloud: Cloud, file: Path, sink: Sink) -> Iterator[wiring.Guard]:
    """The guard as the daemon's home starts it, under the stack's service account, on an adopted ledger."""
    environment = {
        "TUNEGUARD_SANDBOX": cloud.running.http,
        "TUNEGUARD_IDENTITY": ACCOUNT,
        "TUNEGUARD_LEDGER": f"sqlite:///{file.parent / 'ledger.db'}",
        "OPS_URL": sink.url,
    }
    guard = wiring.build(file, environment, may_act=True)
    try:
        if guard.ledger.info().adopted_at is None:
            guard.ledger.adopt("tests", "a test's ledger", guard.clock.now())
        yield guard
    finally:
        guard.close()


def a_stack_with_a_forgotten_model(cloud: Cloud, folder: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> Path:
    """`up`, a model deployed by hand twelve silent days ago, and guard.yaml as `tuneguard init --from-stack` writes it."""
    budget = {"budget": {"monthly": "100"}, "billingAccount": "012345-6789AB-CDEF01"}
    cloud.configure({**SMALL, "mode": mode, **(budget if mode == "enforce" else {})})
    cloud.up()
    cloud.deploy_by_hand()
    cloud.advance("12d")
    file = folder / "guard.yaml"
    with monkeypatch.context() as there:
        there.chdir(cloud.workspace.folder)
        for name, value in cloud.workspace.variables().items():
            there.setenv(name, value)
        assert run_command_line(["init", "--from-stack", "dev", "--config", str(file)]) == 0
    return file


def cycles(cloud: Cloud, guard: wiring.Guard, count: int) -> list[Result]:
    results = []
    for _ in range(count):
        results.append(guard.cycle.run(guard.clock.now()))
        cloud.advance("1h")
    return results


def told(sink: Sink) -> str:
    return " | ".join(str(message) for message in sink.messages)


def refused_calls(cloud: Cloud) -> list[str]:
    """What the platform refused the account. The official storage client's look-up for its own traces does not count."""
    refused = [call for call in cloud.world.calls if call.principal == ACCOUNT and call.status == 403]
    return [f"{call.service}.{call.method}" for call in refused if call.method != "buckets.get"]


def test_story_10_in_enforce_mode_the_whole_cycle_passes_under_the_stacks_identity(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_stack_with_a_forgotten_model(cloud, tmp_path, monkeypatch, "enforce")

    with a_sink() as sink, a_guard(cloud, file, sink) as guard:
        results = cycles(cloud, guard, 8)
        [act] = guard.ledger.acts()
        [figure] = guard.ledger.google_figures()

    assert figure.notice.name == "tuneguard-dev", "the platform's budget reached the guard by the stack's subscription"
    assert all(result.snapshot and all(scope.complete for scope in result.snapshot.scopes) for result in results)
    assert act.state is ActState.VERIFIED, act.detail
    assert "deployedModels" not in cloud.endpoint()
    assert refused_calls(cloud) == []
    cloud.stack.preview(refresh=True, expect_no_changes=True)


def test_story_10_in_observe_mode_the_cycle_passes_and_an_act_is_refused_by_the_platform_and_told(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_stack_with_a_forgotten_model(cloud, tmp_path, monkeypatch, "observe")

    with a_sink() as sink:
        with a_guard(cloud, file, sink) as guard:
            observed = cycles(cloud, guard, 4)
        assert all(result.snapshot and all(scope.complete for scope in result.snapshot.scopes) for result in observed)
        assert observed[-1].plan is not None
        assert len(observed[-1].plan.actions) == 1
        assert refused_calls(cloud) == []

        # Somebody makes the daemon enforce although its identity may only observe: not even the claim can be written.
        file.write_text(file.read_text(encoding="utf-8").replace("mode: observe", "mode: enforce"), encoding="utf-8")
        with a_guard(cloud, file, sink) as guard:
            [did] = cycles(cloud, guard, 4)[-1].did
            assert did.block is BlockReason.NO_CLAIM
            assert "Permission 'storage.objects.create' denied" in did.detail

            # Somebody gives it the bucket too: now the act itself is refused by the platform.
            give_the_bucket(cloud)
            cycles(cloud, guard, 3)
            [act] = [act for act in guard.ledger.acts() if act.state is ActState.REFUSED]
    assert "aiplatform.endpoints.undeploy" in act.detail
    assert "aiplatform.endpoints.undeploy" in told(sink)
    assert [one["id"] for one in cloud.endpoint()["deployedModels"]] == ["7"]
    status, answer = cloud.call("POST", UNDEPLOY, {"deployedModelId": "7"}, principal=ACCOUNT)
    assert (status, answer["error"]["status"]) == (403, "PERMISSION_DENIED")


def give_the_bucket(cloud: Cloud) -> None:
    member = {
        "bucket": f"{PROJECT}-tuneguard-dev-guard",
        "role": "roles/storage.objectUser",
        "member": f"serviceAccount:{ACCOUNT}",
    }
    kind = "gcp:storage/bucketIAMMember:BucketIAMMember"
    status, answer = cloud.call("POST", f"/resources/v1/items?type={kind}&id=by-hand", {"properties": member})
    assert status == 200, answer
