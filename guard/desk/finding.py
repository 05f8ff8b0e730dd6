"""The one thing that a person means by a name; also a pool's sharer, and what is gone. Names for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from guard.ports.errors import NotFoundByName
from guard.ports.ledger import Ledger

Document = Mapping[str, Any]

LISTS = ("actions", "notices", "blocked", "kept", "unknown")
"""The lists of a plan document."""

RANKS = (frozenset({"deployed_model", "pool"}), frozenset({"tuning_job"}))
"""Whose name is meant where a model, its endpoint and the job that made it share one: what bills by the hour comes first."""

PLANNED = ("actions", "notices", "blocked")


def name_of(document: Document) -> str:
    """A name for people: the endpoint's display name, else its own, else the id."""
    own = str(document.get("display_name") or str(document["subject"]).rsplit("/", 1)[-1])
    return str(document.get("endpoint_display_name") or own)


def names_of(documents: Iterable[Document]) -> dict[str, str]:
    """Subject -> name, each different: where the endpoint's name is not enough, the model's too, then the id."""
    listed = list(documents)
    names = {str(document["subject"]): name_of(document) for document in listed}
    for more in (_with_model, _with_id):
        told = Counter(names.values())
        names |= {
            subject: more(document, names[subject])
            for document in listed
            if told[names[subject := str(document["subject"])]] > 1
        }
    return names


def _with_model(document: Document, name: str) -> str:
    own = document.get("display_name")
    return name if not own or own == name else f"{name} / {own}"


def _with_id(document: Document, name: str) -> str:
    """The endpoint's id for what is on one, the thing's own otherwise."""
    parts = str(document["subject"]).split("/")
    number = parts[parts.index("endpoints") + 1] if "endpoints" in parts else parts[-1]
    return f"{name} ({number})"


def resolve(ledger: Ledger, name: str) -> Document:
    """Find the one thing that a person means: a resource name, a display name, or an id; returns its verdict document.

    A pool's sharer stands for its pool. What is gone is found by the name that it had. Raises NotFoundByName for none or
    several.
    """
    documents = ledger.verdicts()
    wanted = name.strip().rstrip("/")
    if not wanted:
        raise NotFoundByName("The name is empty.", hint="Give a resource name, a display name or an id.")
    if wanted in documents:
        return documents[wanted]
    found = [document for document in documents.values() if _fits(document, wanted)]
    ranked = (_there([document for document in found if document.get("kind") in kinds]) for kinds in RANKS)
    billing = next(filter(None, ranked), None) or _there(found) or _pools_of(ledger, documents, wanted)
    if len(billing) == 1:
        return billing[0]
    if not billing:
        near = _near(wanted, documents)
        raise NotFoundByName(
            f"{name!r} names nothing that the guard has seen.",
            hint=(f"Did you mean {near}? " if near else "") + "`tuneguard status --all` lists everything.",
        )
    listed = "\n".join(f"    {document['subject']}" for document in billing[:8])
    raise NotFoundByName(
        f"{name!r} names {len(billing)} things:\n{listed}", hint="Give the resource name of one of them."
    )


def _there(documents: list[Document]) -> list[Document]:
    """What is there wins over what is gone; of what went from one endpoint, the latest."""
    there = [document for document in documents if document.get("decision") != "gone"]
    if there or len({str(document["subject"]).partition("/deployedModels/")[0] for document in documents}) != 1:
        return there or documents
    return [max(documents, key=lambda document: str(document.get("created_at")))]


def resolve_subject(ledger: Ledger, name: str) -> str:
    """The same where a resource name is enough: the acts know what is gone for so long that its verdict is thinned out."""
    try:
        return str(resolve(ledger, name)["subject"])
    except NotFoundByName:
        subjects = {act.key.subject for act in ledger.acts() if name in {act.display_name, act.key.subject}}
        if len(subjects) != 1:
            raise
        return subjects.pop()


def found(ledger: Ledger, name: str) -> dict[str, Any]:
    """Who owns the one thing that a person means, and whether it is there; an act's id means the thing that it is about.

    What is gone for so long that its verdict is thinned out is known from its latest act.
    """
    act = ledger.act(name)
    subject = act.key.subject if act is not None else resolve_subject(ledger, name)
    document = ledger.verdict(subject)
    if document is None:
        act = act or ledger.acts(subject=subject)[-1]
        return {
            "subject": subject,
            "name": act.display_name,
            "owner": act.owner,
            "project": act.project_id,
            "kind": "",
            "gone": True,
        }
    return {
        "subject": subject,
        "name": name_of(document),
        "owner": document.get("owner"),
        "project": document.get("project"),
        "kind": document.get("kind"),
        "gone": document.get("decision") == "gone",
    }


def planned_as(ledger: Ledger, subjects: Iterable[str]) -> Document | None:
    """The line of the latest plan that is about one of these, or about a sharer of this pool."""
    latest = ledger.latest_cycle()
    return planned_in((latest.plan if latest else None) or {}, subjects)


def planned_in(plan: Document, subjects: Iterable[str]) -> Document | None:
    """The same of a plan that is at hand; one of 10,000 things takes a fifth of a second to read."""
    wanted = set(subjects)
    for name in PLANNED:
        for item in plan.get(name, ()):
            if wanted & {item["subject"], item.get("group")}:
                return item  # type: ignore[no-any-return]  # a JSON document
    return None


def _fits(document: Document, wanted: str) -> bool:
    subject = str(document["subject"])
    return wanted in {document.get("display_name"), document.get("endpoint_display_name")} or _ends(subject, wanted)


def _ends(subject: str, wanted: str) -> bool:
    return subject.endswith(f"/{wanted}") or f"/endpoints/{wanted}/" in subject


def _pools_of(ledger: Ledger, documents: Mapping[str, Document], wanted: str) -> list[Document]:
    """Pools of which a sharer has this id or resource name, or was called so in the latest plan or in an act."""
    members = {member: document for document in documents.values() for member in document.get("members") or ()}
    named = {name for name in members if name == wanted or _ends(name, wanted)}
    latest = ledger.latest_cycle()
    plan: Document = (latest.plan if latest else None) or {}
    named |= {str(item["subject"]) for key in PLANNED for item in plan.get(key, ()) if _fits(item, wanted)}
    named |= {act.key.subject for act in ledger.acts() if act.display_name == wanted}
    return list({str(members[name]["subject"]): members[name] for name in named if name in members}.values())


def _near(wanted: str, documents: Mapping[str, Document]) -> str:
    from difflib import get_close_matches

    names = {
        str(document.get(key) or "")
        for document in documents.values()
        for key in ("display_name", "endpoint_display_name")
    }
    return " or ".join(get_close_matches(wanted, sorted(names - {""}), n=2, cutoff=0.6))
