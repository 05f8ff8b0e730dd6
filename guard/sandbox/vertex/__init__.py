"""Vertex AI, REST, v1 and v1beta1."""

from guard.sandbox.vertex.service import classify, routes

__all__ = ["classify", "routes"]
