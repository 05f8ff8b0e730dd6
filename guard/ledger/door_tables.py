"""The tables of the page's door. Secrets stand there as digests only; instants are the machine's wall clock, aware UTC."""

from __future__ import annotations

from sqlalchemy import DDL, Column, Text, event
from sqlalchemy.schema import ExecutableDDLElement

from guard.ledger.columns import identifier, maybe, needed, table
from guard.ledger.types import Document, Instant

web_sessions = table(
    "web_sessions",
    "People who are signed in on the page.",
    Column("digest", Text, primary_key=True, doc="SHA-256 of the cookie's secret"),
    needed("identity", Document, "login, name, verified e-mail address, groups"),
    needed("made_at", Instant, "sign-in"),
    needed("seen_at", Instant, "latest request, to the minute"),
    needed("ends_at", Instant, "over at the latest then"),
)
web_secrets = table(
    "web_secrets",
    "Secrets that work once: one-time links, logins that are under way.",
    Column("digest", Text, primary_key=True, doc="SHA-256 of the secret"),
    needed("kind", Text, "link, oidc"),
    needed("document", Document, "what it stands for"),
    needed("expires_at", Instant, "over then"),
)
api_tokens = table(
    "api_tokens",
    "Tokens of machines for the API, also those that are over.",
    Column("name", Text, primary_key=True, doc="who the audit says speaks: `token NAME`"),
    needed("digest", Text, "SHA-256 of the token", unique=True),
    needed("role", Text, "viewer, owner, operator"),
    needed("owns", Document, "owner names whose things it may speak on"),
    needed("made_by", Text, "a person"),
    needed("made_at", Instant, "when"),
    maybe("expires_at", Instant, "over then; empty: never"),
    maybe("used_at", Instant, "latest use, to the minute"),
    maybe("revoked_at", Instant, "revoked since"),
    maybe("revoked_by", Text, "a person"),
)
audit = table(
    "audit",
    "Who said what from where through page and API, and what came of it; append-only.",
    identifier(),
    needed("at", Instant, "when"),
    needed("request", Text, "random; the same in the lines of one word"),
    needed("who", Text, "a person, or `token NAME`"),
    needed("via", Text, "session (first digits of its digest), token, or command line"),
    needed("what", Text, "keep, approve, login, token.create, ..."),
    needed("subject", Text, "what about; empty: everything"),
    needed("why", Text, "in the person's words"),
    needed("outcome", Text, "asked (before it is given), then done, refused or failed"),
    needed("detail", Text, "in words"),
)


def _on(dialect: str, statement: str) -> ExecutableDDLElement:
    ddl: ExecutableDDLElement = DDL(statement)  # type: ignore[no-untyped-call]  # the library's own gap
    return ddl.execute_if(dialect=dialect)


AUDIT_APPEND_ONLY = (
    *(
        _on(
            "sqlite",
            f"CREATE TRIGGER audit_no_{what} BEFORE {what.upper()} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
        )
        for what in ("update", "delete")
    ),
    _on(
        "postgresql",
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$",
    ),
    _on(
        "postgresql",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
    ),
)
for statement in AUDIT_APPEND_ONLY:
    event.listen(audit, "after_create", statement)
