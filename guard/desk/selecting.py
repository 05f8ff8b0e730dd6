"""Lists narrowed to a project or a policy; a name that nothing bears is refused, so that a misspelt one does not look empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guard.ports.errors import NotFoundByName


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked for: a project (id or number), a policy, or both; None takes everything."""

    project: str | None = None
    policy: str | None = None

    @property
    def is_everything(self) -> bool:
        return self.project is None and self.policy is None

    def takes(self, item: Mapping[str, Any]) -> bool:
        """True for a document that is about what was asked for."""
        number = str(item.get("subject", "")).split("/")[1:2]
        project_fits = self.project is None or self.project in {item.get("project"), *number}
        return project_fits and (self.policy is None or item.get("policy") == self.policy)

    def of(self, documents: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those that fit; raises NotFoundByName where an option names nothing that is there."""
        self.check(documents)
        return [document for document in documents if self.takes(document)]

    def check(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """Raise NotFoundByName for a project or policy that none of the documents is about."""
        for option, given, alone in (
            ("--project", self.project, Selection(project=self.project)),
            ("--policy", self.policy, Selection(policy=self.policy)),
        ):
            if given is not None and documents and not any(map(alone.takes, documents)):
                known = sorted({str(doc[option[2:]]) for doc in documents if doc.get(option[2:])})
                raise NotFoundByName(
                    f"{option}: found {given!r}, which is about nothing that was seen.",
                    hint=f"Expected one of {', '.join(known) or 'none'}.",
                )
