"""The source for another provider's tunes: keys from the environment, in a sandbox the sandbox itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from guard.core.settings import Settings
from guard.core.tunes import TuneRules
from guard.ports.errors import ConfigInvalid, GuardError, NotSignedIn
from guard.ports.tunes import TuneSource

if TYPE_CHECKING:
    from guard.wiring.acting import Provider


def tune_source(rules: TuneRules, environment: Mapping[str, str]) -> TuneSource | GuardError:
    """Read OPENAI_API_KEY and OPENAI_ADMIN_KEY."""
    from guard.adapters.openai.client import OpenAIClient
    from guard.adapters.openai.tunes import OpenAITunes

    access = access_of(rules, environment)
    if isinstance(access, GuardError):
        return access
    url, key = access
    client = OpenAIClient(url, sandboxed=bool(environment.get("TUNEGUARD_SANDBOX")))
    return OpenAITunes(client, key=key, admin_key=environment.get("OPENAI_ADMIN_KEY"))


def access_of(rules: TuneRules, environment: Mapping[str, str]) -> tuple[str, str] | GuardError:
    """Base URL and key; with a sandbox set, only the sandbox is called, whatever guard.yaml says."""
    from guard.adapters.http import require_loopback

    key, sandbox = environment.get("OPENAI_API_KEY"), environment.get("TUNEGUARD_SANDBOX")
    if not key:
        return NotSignedIn(
            f"{rules.name}: there is no key to look with.",
            hint="Set OPENAI_API_KEY, or take openai: out of guard.yaml.",
        )
    if not sandbox:
        return rules.base_url, key
    require_loopback(sandbox)
    return f"{sandbox.rstrip('/')}/openai/v1", key


def provider_side(
    settings: Callable[[], Settings], environment: Mapping[str, str], now: Callable[[], datetime]
) -> Provider:
    """What acts at the provider that guard.yaml names, as it is at the time of the act."""
    from guard.acts.openai import OpenAIMutations
    from guard.adapters.openai.inventory import ProviderInventory
    from guard.wiring.acting import Provider

    def rules() -> TuneRules | GuardError:
        return settings().tunes or ConfigInvalid("openai: is not in guard.yaml any more; nothing was called.")

    def source() -> TuneSource | GuardError:
        found = rules()
        return found if isinstance(found, GuardError) else tune_source(found, environment)

    def access() -> tuple[str, str] | GuardError:
        found = rules()
        return found if isinstance(found, GuardError) else access_of(found, environment)

    def name() -> str | None:
        found = settings().tunes
        return None if found is None else found.name

    return Provider(name, ProviderInventory(source, now), OpenAIMutations(access))
