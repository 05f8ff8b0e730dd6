"""The unchanged high-level client, `google.cloud.aiplatform`, against the sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Forbidden, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform

from guard.sandbox.server import Running


@pytest.fixture(scope="module", autouse=True)
def _pointed(quick: Running) -> Iterator[None]:
    aiplatform.init(
        project="demo-research",
        location="us-central1",
        api_endpoint=quick.http,
        api_transport="rest",
        credentials=AnonymousCredentials(),
    )
    yield
    aiplatform.initializer.global_config.__init__()


def a_model(**more: Any) -> Any:
    return aiplatform.Model.upload(serving_container_image_uri="registry.example/serve:1", **more)


def test_an_endpoint_lives_its_whole_life() -> None:
    model = a_model(display_name="life")
    endpoint = aiplatform.Endpoint.create(display_name="life", labels={"team": "vision"})

    endpoint.deploy(model, machine_type="g2-standard-12", accelerator_type="NVIDIA_L4", accelerator_count=1)
    deployed = endpoint.list_models()
    assert [one.dedicated_resources.machine_spec.machine_type for one in deployed] == ["g2-standard-12"]
    assert deployed[0].model == model.resource_name
    assert endpoint.traffic_split == {deployed[0].id: 100}
    assert endpoint.predict(instances=[{"x": 1}]).predictions == [{"echo": {"x": 1}}]

    with pytest.raises(BadRequest, match="has deployed or being-deployed"):
        endpoint.delete()
    with pytest.raises(BadRequest, match="deployed or being deployed at the following Endpoint"):
        model.delete()
    endpoint.undeploy(deployed[0].id)
    assert endpoint.list_models() == []
    endpoint.delete()
    model.delete()
    with pytest.raises(NotFound):
        aiplatform.Endpoint(endpoint.resource_name).gca_resource  # noqa: B018  # the read is what fails


def test_names_carry_the_project_number_and_both_are_accepted() -> None:
    made = aiplatform.Endpoint.create(display_name="numbered")
    assert made.resource_name.startswith("projects/100000000001/locations/us-central1/endpoints/")
    by_id = aiplatform.Endpoint(made.resource_name.replace("100000000001", "demo-research"))
    assert by_id.resource_name == made.resource_name


def test_lists_are_filtered_by_label_and_display_name() -> None:
    for name, owner in (("filtered-a", "vision"), ("filtered-b", "search")):
        aiplatform.Endpoint.create(display_name=name, labels={"filtered": owner})
    by_value = aiplatform.Endpoint.list(filter="labels.filtered=vision")
    assert [one.display_name for one in by_value] == ["filtered-a"]
    assert {one.display_name for one in aiplatform.Endpoint.list(filter="labels.filtered:*")} == {
        "filtered-a",
        "filtered-b",
    }
    both = aiplatform.Endpoint.list(filter='labels.filtered:* AND display_name="filtered-b"')
    assert [one.display_name for one in both] == ["filtered-b"]


def test_a_second_deployment_shares_the_traffic_and_a_forced_delete_empties_the_endpoint() -> None:
    model = a_model(display_name="shared-traffic")
    endpoint = aiplatform.Endpoint.create(display_name="shared-traffic")
    endpoint.deploy(model, machine_type="n1-standard-4", deployed_model_display_name="first")
    endpoint.deploy(model, machine_type="n1-standard-4", deployed_model_display_name="second", traffic_percentage=20)
    assert sorted(endpoint.traffic_split.values()) == [20, 80]
    endpoint.delete(force=True)
    assert aiplatform.Endpoint.list(filter='display_name="shared-traffic"') == []


def test_a_new_version_becomes_the_default_and_the_old_one_stays() -> None:
    first = a_model(display_name="versions")
    second = a_model(parent_model=first.resource_name, is_default_version=True, version_aliases=["canary"])
    assert (first.version_id, second.version_id) == ("1", "2")
    assert aiplatform.Model(first.resource_name).version_id == "2"
    assert aiplatform.Model(f"{first.resource_name}@1").version_id == "1"
    assert aiplatform.Model(f"{first.resource_name}@canary").version_id == "2"
    registry = aiplatform.models.ModelRegistry(first.resource_name)
    assert [one.version_id for one in registry.list_versions()] == ["1", "2"]
    registry.delete_version("1")
    assert [one.version_id for one in registry.list_versions()] == ["2"]


def test_labels_are_updated_in_place() -> None:
    endpoint = aiplatform.Endpoint.create(display_name="relabelled", labels={"a": "1"})
    endpoint.update(labels={"a": "2"})
    assert aiplatform.Endpoint(endpoint.resource_name).labels == {"a": "2"}


def test_a_forbidden_and_an_unknown_project_are_refused_alike() -> None:
    for project in ("demo-closed", "no-such-project"):
        with pytest.raises(Forbidden, match=r"aiplatform\.endpoints\.list"):
            aiplatform.Endpoint.list(project=project)
