"""The source for another provider's tunes: keys from the environment, in a sandbox the sandbox itself."""

from __future__ import annotations

from collections.abc import Mapping

from guard.core.tunes import TuneRules
from guard.ports.errors import GuardError, NotSignedIn
from guard.ports.tunes import TuneSource


def tune_source(rules: TuneRules, environment: Mapping[str, str]) -> TuneSource | GuardError:
    """Read OPENAI_API_KEY and OPENAI_ADMIN_KEY; with a sandbox set, only the sandbox is called, whatever guard.yaml says."""
    from guard.adapters.openai.client import OpenAIClient
    from guard.adapters.openai.tunes import OpenAITunes

    key, admin_key = environment.get("OPENAI_API_KEY"), environment.get("OPENAI_ADMIN_KEY")
    sandbox = environment.get("TUNEGUARD_SANDBOX")
    if not key:
        return NotSignedIn(
            f"{rules.name}: there is no key to look with.",
            hint="Set OPENAI_API_KEY, or take openai: out of guard.yaml.",
        )
    url = f"{sandbox.rstrip('/')}/openai/v1" if sandbox else rules.base_url
    return OpenAITunes(OpenAIClient(url, sandboxed=bool(sandbox)), key=key, admin_key=admin_key)
