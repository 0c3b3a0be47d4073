"""The documentation is true: its examples run, its links lead somewhere, its generated pages are up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.project.snippets import Folder, blocks, run_document

DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
RUN = [path for path in DOCUMENTS if any(block.kind in {"console", "python"} or block.file for block in blocks(path))]
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#)(?P<target>[^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("document", RUN, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_document_do_what_it_says(document: Path, tmp_path: Path) -> None:
    """Whoever types what the document shows sees what the document shows."""
    assert run_document(document, Folder(tmp_path)) > 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_of_a_document_lead_somewhere(document: Path) -> None:
    """A page that moved is found by those that point to it."""
    dead = [target for target in LINK.findall(document.read_text()) if not (document.parent / target).exists()]
    assert dead == []


def test_the_generated_pages_are_those_the_code_makes() -> None:
    """A changed field or event changes its page in the same commit: `make docs` writes them."""
    done = subprocess.run(
        [sys.executable, "tools/gen_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
