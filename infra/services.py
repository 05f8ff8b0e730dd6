"""Which Google APIs the chosen parts need. Pure."""

from infra.settings import Settings

ALWAYS = (
    "aiplatform.googleapis.com",
    "cloudbilling.googleapis.com",  # list prices, read daily by the guard
    "cloudresourcemanager.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
)


def services(settings: Settings) -> tuple[str, ...]:
    """Sorted names of the APIs."""
    wanted = set(ALWAYS)
    if settings.budget is not None:
        wanted |= {"billingbudgets.googleapis.com", "pubsub.googleapis.com"}
    if settings.secrets or settings.home == "worker_pool":
        wanted.add("secretmanager.googleapis.com")
    if settings.images:
        wanted |= {"artifactregistry.googleapis.com", "cloudbuild.googleapis.com"}
    if settings.home == "vm":
        wanted.add("compute.googleapis.com")
    if settings.page:
        wanted.add("iap.googleapis.com")
    if settings.home == "worker_pool":
        wanted |= {"run.googleapis.com", "sqladmin.googleapis.com"}
    return tuple(sorted(wanted))
