"""Files of others that we ship are the published ones, to the byte, and say what they are and under which licence."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LISTS = {
    "served": (ROOT / "guard/web/static/vendored.json", ROOT / "guard/web/static/vendored"),
    "tests": (ROOT / "tests/web/browser/vendored/vendored.json", ROOT / "tests/web/browser/vendored"),
}


@pytest.mark.parametrize("which", LISTS)
def test_vendored_files_are_the_published_ones(which: str) -> None:
    listing, folder = LISTS[which]
    packages: list[dict[str, Any]] = json.loads(listing.read_text(encoding="utf-8"))
    listed = {file["file"]: file["sha256"] for package in packages for file in package["files"]}
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    there.pop(listing.name, None)

    assert listed == there


@pytest.mark.parametrize("which", LISTS)
def test_each_vendored_package_says_its_version_and_licence(which: str) -> None:
    listing, folder = LISTS[which]
    for package in json.loads(listing.read_text(encoding="utf-8")):
        assert package["version"] in package["package"]
        assert package["licence"]
        assert (folder / package["licence_file"]).stat().st_size > 100
