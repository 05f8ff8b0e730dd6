"""The generated clients of both API versions, over REST, against the sandbox."""

from typing import Any

import pytest
from google.api_core.exceptions import AlreadyExists, BadRequest, Conflict, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform_v1, aiplatform_v1beta1
from google.protobuf import field_mask_pb2

from guard.sandbox.server import Running
from guard.sandbox.vertex import wire

PARENT = "projects/demo-research/locations/us-central1"
NUMBERED = "projects/100000000001/locations/us-central1"
MODEL = f"{PARENT}/models/2001"


def client(cls: Any, running: Running) -> Any:
    return cls(client_options={"api_endpoint": running.http}, transport="rest", credentials=AnonymousCredentials())


@pytest.fixture(params=[aiplatform_v1, aiplatform_v1beta1], ids=["v1", "v1beta1"])
def api(request: Any) -> Any:
    return request.param


def an_endpoint(endpoints: Any, display_name: str, **more: Any) -> str:
    made = endpoints.create_endpoint(parent=PARENT, endpoint={"display_name": display_name, **more})
    return str(made.result().name)


def deployed(replicas: int = 1, **more: Any) -> dict[str, Any]:
    machines = {"machine_spec": {"machine_type": "n1-standard-4"}, "min_replica_count": replicas}
    return {"model": MODEL, "display_name": "d", "dedicated_resources": machines, **more}


def test_endpoints_are_paged_ordered_and_masked(quick: Running, api: Any) -> None:
    endpoints = client(api.EndpointServiceClient, quick)
    label = {"page": api.__name__.rpartition("_")[2]}
    for number in range(5):
        an_endpoint(endpoints, f"page-{number}", labels=label)
    request = {
        "parent": PARENT,
        "filter": f"labels.page={label['page']}",
        "page_size": 2,
        "read_mask": field_mask_pb2.FieldMask(paths=["name", "display_name"]),
    }
    if api is aiplatform_v1:  # v1beta1 has no order_by
        request["order_by"] = "display_name desc"
    pager = endpoints.list_endpoints(request=request)
    pages = [[one.display_name for one in page.endpoints] for page in pager.pages]
    names = [f"page-{number}" for number in (range(4, -1, -1) if api is aiplatform_v1 else range(5))]
    assert pages == [names[:2], names[2:4], names[4:]]
    assert not next(iter(endpoints.list_endpoints(request=request))).labels


def test_deploy_mutate_and_undeploy(quick: Running, api: Any) -> None:
    endpoints = client(api.EndpointServiceClient, quick)
    name = an_endpoint(endpoints, "mutated")
    answer = endpoints.deploy_model(endpoint=name, deployed_model=deployed(id="77"), traffic_split={"0": 100}).result()
    assert (answer.deployed_model.id, answer.deployed_model.model_version_id) == ("77", "2")
    mutation = {
        "endpoint": name,
        "deployed_model": {"id": "77", "dedicated_resources": {"min_replica_count": 2, "max_replica_count": 3}},
        "update_mask": {"paths": ["dedicated_resources.min_replica_count", "dedicated_resources.max_replica_count"]},
    }
    endpoints.mutate_deployed_model(request=mutation).result()
    current = endpoints.get_endpoint(name=name).deployed_models[0]
    assert (current.dedicated_resources.min_replica_count, current.status.available_replica_count) == (2, 2)
    endpoints.undeploy_model(endpoint=name, deployed_model_id="77").result()
    after = endpoints.get_endpoint(name=name)
    assert (list(after.deployed_models), dict(after.traffic_split)) == ([], {})
    endpoints.delete_endpoint(name=name).result()
    with pytest.raises(NotFound):
        endpoints.get_endpoint(name=name)


def test_scale_to_zero_is_seen_with_v1beta1_only(quick: Running) -> None:
    beta = client(aiplatform_v1beta1.EndpointServiceClient, quick)
    name = an_endpoint(beta, "sleepy")
    model = deployed(replicas=0)
    model["dedicated_resources"] |= {"initial_replica_count": 1, "max_replica_count": 1}
    model["dedicated_resources"]["scale_to_zero_spec"] = {"idle_scaledown_period": {"seconds": 900}}
    beta.deploy_model(endpoint=name, deployed_model=model, traffic_split={"0": 100}).result()
    seen = beta.get_endpoint(name=name).deployed_models[0].dedicated_resources
    assert seen.scale_to_zero_spec.idle_scaledown_period.seconds == 900
    plain = client(aiplatform_v1.EndpointServiceClient, quick).get_endpoint(name=name)
    assert "scale_to_zero" not in str(plain)


def test_v1_refuses_no_replicas(quick: Running) -> None:
    endpoints = client(aiplatform_v1.EndpointServiceClient, quick)
    name = an_endpoint(endpoints, "none")
    with pytest.raises(BadRequest, match="min_replica_count"):
        endpoints.deploy_model(endpoint=name, deployed_model=deployed(replicas=0))


def test_a_chosen_endpoint_id_is_kept_and_taken_once(quick: Running, api: Any) -> None:
    endpoints = client(api.EndpointServiceClient, quick)
    wanted = f"chosen-{api.__name__.rpartition('_')[2]}"
    request = {"parent": PARENT, "endpoint": {"display_name": "chosen"}, "endpoint_id": wanted}
    assert endpoints.create_endpoint(request=request).result().name == f"{NUMBERED}/endpoints/{wanted}"
    with pytest.raises((AlreadyExists, Conflict)):
        endpoints.create_endpoint(request=request)


def test_a_stale_etag_is_refused(quick: Running, api: Any) -> None:
    endpoints = client(api.EndpointServiceClient, quick)
    read = endpoints.get_endpoint(name=an_endpoint(endpoints, "stale"))
    read.labels["a"] = "1"
    mask = field_mask_pb2.FieldMask(paths=["labels"])
    changed = endpoints.update_endpoint(endpoint=read, update_mask=mask)
    assert changed.etag != read.etag
    with pytest.raises(Conflict):
        endpoints.update_endpoint(endpoint=read, update_mask=mask)


def test_models_sharing_a_pool_are_listed_by_it_and_keep_it(quick: Running, api: Any) -> None:
    pools = client(api.DeploymentResourcePoolServiceClient, quick)
    endpoints = client(api.EndpointServiceClient, quick)
    pool_id = f"pool-{api.__name__.rpartition('_')[2]}"
    pool = {"dedicated_resources": {"machine_spec": {"machine_type": "n1-standard-4"}, "min_replica_count": 1}}
    made = pools.create_deployment_resource_pool(
        parent=PARENT, deployment_resource_pool=pool, deployment_resource_pool_id=pool_id
    ).result()
    name = an_endpoint(endpoints, "pooled")
    for number in ("1", "2"):
        shared = {"model": MODEL, "id": number, "shared_resources": f"{PARENT}/deploymentResourcePools/{pool_id}"}
        endpoints.deploy_model(endpoint=name, deployed_model=shared).result()
    found = pools.query_deployed_models(deployment_resource_pool=made.name)
    refs = [(one.endpoint, one.deployed_model_id) for page in found.pages for one in page.deployed_model_refs]
    assert refs == [(name, "1"), (name, "2")]
    with pytest.raises(BadRequest, match="in use by DeployedModel"):
        pools.delete_deployment_resource_pool(name=made.name)
    for number in ("1", "2"):
        endpoints.undeploy_model(endpoint=name, deployed_model_id=number).result()
    pools.delete_deployment_resource_pool(name=made.name).result()
    assert made.name not in [one.name for one in pools.list_deployment_resource_pools(parent=PARENT)]


def test_models_are_uploaded_copied_patched_and_deleted(quick: Running, api: Any) -> None:
    models = client(api.ModelServiceClient, quick)
    body = {"display_name": "gapic", "container_spec": {"image_uri": "registry.example/serve:1"}}
    name = models.upload_model(parent=PARENT, model=body).result().model
    patched = models.update_model(
        model={"name": name, "labels": {"a": "1"}}, update_mask=field_mask_pb2.FieldMask(paths=["labels"])
    )
    assert dict(patched.labels) == {"a": "1"}
    copied = models.copy_model(parent=PARENT, source_model=name).result().model
    assert models.get_model(name=copied).display_name == "gapic"
    merged = models.merge_version_aliases(name=f"{copied}@1", version_aliases=["canary"])
    assert list(merged.version_aliases) == ["default", "canary"]
    for one in (name, copied):
        models.delete_model(name=one).result()
    assert not {name, copied} & {one.name for one in models.list_models(parent=PARENT)}


def test_the_enum_tables_are_the_clients(quick: Running) -> None:
    types = aiplatform_v1beta1.types
    for number, name in wire.ACCELERATORS.items():
        assert types.AcceleratorType(number).name == name
    for number, name in wire.ADAPTER_SIZES.items():
        assert types.SupervisedHyperParameters.AdapterSize(number).name == name
    for number, name in wire.TUNING_MODES.items():
        assert types.SupervisedTuningSpec.TuningMode(number).name == name


def test_an_accelerator_sent_as_a_number_comes_back_as_it_was_meant(quick: Running, api: Any) -> None:
    endpoints = client(api.EndpointServiceClient, quick)
    name = an_endpoint(endpoints, "numbered")
    model = deployed()
    model["dedicated_resources"]["machine_spec"] = {
        "machine_type": "g2-standard-12",
        "accelerator_type": api.AcceleratorType.NVIDIA_L4,
        "accelerator_count": 1,
    }
    endpoints.deploy_model(endpoint=name, deployed_model=model).result()
    spec = endpoints.get_endpoint(name=name).deployed_models[0].dedicated_resources.machine_spec
    assert spec.accelerator_type == api.AcceleratorType.NVIDIA_L4
