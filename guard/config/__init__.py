"""guard.yaml and the environment, validated, as core values. Errors name file, line, field, what was found and expected."""

from guard.config.build import Config
from guard.config.load import load, parse
from guard.config.schema import json_schema

__all__ = ["Config", "json_schema", "load", "parse"]
