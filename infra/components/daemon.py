"""What both homes of the daemon share: its arguments and its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

from infra.settings import HOME_VARIABLES

SECRET_ENVIRONMENT: Final = {"openai-key": HOME_VARIABLES["openaiKey"], "notify-urls": HOME_VARIABLES["notifyUrls"]}
"""Secret -> the environment variable that guard.yaml or the daemon reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonArgs:
    """`guard_config` is the text of guard.yaml (empty: none yet); `secret_ids`: short name -> full secret name."""

    prefix: str
    project: str
    region: str
    image: pulumi.Input[str]
    service_account: pulumi.Input[str]
    guard_config: str
    secret_ids: Mapping[str, pulumi.Input[str]]
    labels: Mapping[str, str]
    protect: bool
