"""Writes the async face from the blocking one, so that they cannot drift apart.

    python tools/make_aio.py          writes python/besunny/aio/
    python tools/make_aio.py --check  fails if what is there is not what would be written

What differs by more than an ``await`` (opening a workspace, relaying progress, iterating over
events, working) is written by hand in files of its own.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "python" / "besunny"
FILES = (
    "documents.py",
    "events.py",
    "google.py",
    "job_context.py",
    "jobs.py",
    "mail.py",
    "meetings.py",
    "projects.py",
    "user.py",
    "users.py",
)
HEADER = "# Written by tools/make_aio.py from _blocking/{name}; change that instead.\n"
EXAMPLE = re.compile(r"\n+ +>>> .*?(?=\n +\"\"\")", re.DOTALL)


def method(text: str) -> str:
    """A method as its async twin, if it waits for anything."""
    text = EXAMPLE.sub("", text)
    if not any(way in text for way in (".wait()", "self.list(", "working(")):
        return text
    text = re.sub(r'("""[^\n"]+)\n +"""', r'\1"""', text)
    text = text.replace("    def ", "    async def ", 1)
    text = re.sub(r"self\._native\.(.*)\.wait\(\)", r"await self._native.\1.future()", text)
    text = text.replace("return working(", "return await working(")
    return text.replace("self.list(", "await self.list(")


def converted(name: str) -> str:
    """A file of the blocking face as its async twin."""
    source = (PACKAGE / "_blocking" / name).read_text(encoding="utf-8")
    parts = re.split(r"(?m)^(?=    def |class )", source)
    text = "".join(method(part) for part in parts)
    return HEADER.format(name=name) + re.sub(r"\bIterator\b", "AsyncIterator", text)


def main(check: bool) -> int:
    """Writes or compares; how many files differ."""
    stale = 0
    for name in FILES:
        target = PACKAGE / "aio" / name
        text = converted(name)
        if not check:
            target.write_text(text, encoding="utf-8")
        elif not target.is_file() or target.read_text(encoding="utf-8") != text:
            print(f"stale: {target.name}; run tools/make_aio.py", file=sys.stderr)
            stale += 1
    return stale


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
