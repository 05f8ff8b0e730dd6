"""Descriptors of the metrics and resources that the sandbox serves, as documents of the REST form."""

from typing import Any, Final

from guard.sandbox.errors import invalid
from guard.sandbox.monitoring import filters
from guard.sandbox.monitoring.filters import Subject
from guard.sandbox.monitoring.metrics import METRICS, RESOURCES, Metric
from guard.sandbox.monitoring.query import permitted
from guard.sandbox.world import World

Document = dict[str, Any]
METRIC_PERMISSION: Final = "monitoring.metricDescriptors.list"
RESOURCE_PERMISSION: Final = "monitoring.monitoredResourceDescriptors.list"


def metric_descriptors(
    world: World, name: str, principal: str, *, wanted: str, page_size: int, page_token: str
) -> Document:
    """A page of metric descriptors that the filter `wanted` lets through. Raises ApiError as the platform refuses."""
    project = permitted(world, name, METRIC_PERMISSION, principal)
    test = filters.parse(wanted).test
    found = [
        _metric(metric, project.id)
        for metric in METRICS.values()
        if test(Subject(metric.type, metric.resource, {}, {}))
    ]
    return _page("metricDescriptors", found, page_size, page_token)


def resource_descriptors(
    world: World, name: str, principal: str, *, wanted: str, page_size: int, page_token: str
) -> Document:
    """A page of monitored resource descriptors, likewise."""
    project = permitted(world, name, RESOURCE_PERMISSION, principal)
    test = filters.parse(wanted).test
    found = [
        {
            "name": f"projects/{project.id}/monitoredResourceDescriptors/{kind}",
            "type": kind,
            "labels": [{"key": label} for label in labels],
        }
        for kind, labels in RESOURCES.items()
        if test(Subject("", kind, {}, {}))
    ]
    return _page("resourceDescriptors", found, page_size, page_token)


def _metric(metric: Metric, project_id: str) -> Document:
    return {
        "name": f"projects/{project_id}/metricDescriptors/{metric.type}",
        "type": metric.type,
        "labels": [{"key": label} for label in metric.labels],
        "metricKind": metric.kind,
        "valueType": metric.value_type,
        "unit": metric.unit,
        "description": metric.description,
        "launchStage": "BETA",
        "monitoredResourceTypes": [metric.resource],
    }


def _page(key: str, found: list[Document], size: int, token: str) -> Document:
    if token and not token.isdigit():
        raise invalid(f'Field pageToken had an invalid value of "{token}".')
    low = int(token or 0)
    high = low + (size or 10_000)
    document: Document = {key: found[low:high]}
    if high < len(found):
        document["nextPageToken"] = str(high)
    return document
