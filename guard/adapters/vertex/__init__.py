"""Vertex AI: raw v1beta1 documents in, core types out."""
