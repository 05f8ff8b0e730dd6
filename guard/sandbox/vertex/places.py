"""Locations of a project."""

from guard.sandbox.vertex.documents import Document
from guard.sandbox.vertex.names import LOCATIONS
from guard.sandbox.vertex.request import Request


def list_locations(request: Request) -> Document:
    """GET projects/P/locations: those the project's scenario entry lists, else all."""
    return {"locations": [_document(request, one) for one in request.project.locations or LOCATIONS]}


def get_location(request: Request) -> Document:
    """GET projects/P/locations/L."""
    return _document(request, request.path.location)


def _document(request: Request, location: str) -> Document:
    return {
        "name": f"projects/{request.project.number}/locations/{location}",
        "locationId": location,
        "labels": {"cloud.googleapis.com/region": location},
    }
