"""Tuneguard: a cost guard for fine-tuned LLMs. Architecture: docs/explanation/architecture.md."""
