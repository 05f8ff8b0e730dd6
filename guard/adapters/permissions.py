"""The permissions that reading needs. The custom role of `observe` is generated from this list; a test reads everything and
compares what was asked for.

Source: docs.cloud.google.com/iam role pages for Vertex AI, Monitoring, Logging and Resource Manager, read 2026-11-24 (names
map call to permission one to one; no live project was asked).
"""

from __future__ import annotations

READ_PERMISSIONS: tuple[str, ...] = (
    "aiplatform.deploymentResourcePools.get",
    "aiplatform.deploymentResourcePools.list",
    "aiplatform.deploymentResourcePools.queryDeployedModels",
    "aiplatform.endpoints.get",
    "aiplatform.endpoints.list",
    "aiplatform.locations.list",
    "aiplatform.models.get",
    "aiplatform.models.list",
    "aiplatform.operations.list",
    "aiplatform.tuningJobs.get",
    "aiplatform.tuningJobs.list",
    "logging.logEntries.list",
    "monitoring.timeSeries.list",
    "resourcemanager.projects.get",
)
"""On each enrolled project. Without `logging.logEntries.list` owners fall back; without any other one, things are kept."""

FOLDER_PERMISSIONS: tuple[str, ...] = ("resourcemanager.folders.list", "resourcemanager.projects.list")
"""On an enrolled folder."""

MONEY_PERMISSIONS = {
    "bigquery.jobs.create": "on the project of the billing export's table (`billing_export: {bigquery: ...}`)",
    "bigquery.tables.getData": "on that table",
    "billing.billingAccountPrice.get": "on the billing account (`billing_account`); without it list prices count",
    "pubsub.subscriptions.consume": "on the subscription of Google's budget notices (`google_budgets`)",
}
"""Asked for only where guard.yaml names the thing, on that thing."""
