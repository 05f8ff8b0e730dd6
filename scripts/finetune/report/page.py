"""Lay a report out as one HTML file; every text is escaped, and the page forbids scripts and outside loads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
from markupsafe import Markup

_TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #8884; vertical-align: top }
svg { width: 100%; max-width: 640px; height: auto; display: block; margin: .5rem 0 }
.lead { font-size: 1.1rem } h2 { margin-top: 2rem } small { color: #888 }
</style></head><body>
<h1>{{ title }}</h1><p class="lead">{{ lead }}</p>
{% for section in sections %}<h2>{{ section.title }}</h2>
{% for line in section.lines %}<p>{{ line }}</p>{% endfor %}
{% for picture in section.pictures %}{{ picture }}{% endfor %}
{% if section.rows %}<table><thead><tr>{% for name in section.columns %}<th>{{ name }}</th>{% endfor %}</tr></thead><tbody>
{% for row in section.rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>{% endif %}
{% endfor %}<p><small>{{ foot }}</small></p></body></html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with sentences, pictures and one table, each of which may be empty."""

    title: str
    lines: Sequence[str] = ()
    pictures: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default_factory=tuple)


def write_page(path: Path, *, title: str, lead: str, sections: Sequence[Section], foot: str) -> None:
    """Write the page, whole or not at all."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    drawn = [
        Section(
            title=item.title,
            lines=item.lines,
            pictures=[Markup(picture) for picture in item.pictures if picture],  # noqa: S704  # made by charts.py, which escapes every label
            columns=item.columns,
            rows=item.rows,
        )
        for item in sections
    ]
    text = environment.from_string(_TEMPLATE).render(title=title, lead=lead, sections=drawn, foot=foot)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
