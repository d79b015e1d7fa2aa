"""DMN files as trees of elements: XML from elsewhere, parsed inside limits and nothing else.

Document type definitions are refused before a parser sees them: they could name other files or
grow without bound.
"""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from policies.errors import TableFileRefused
from policies.table_file import MAX_BYTES

MAX_DEPTH = 100
MAX_ELEMENTS = 400_000
_NAMESPACE = re.compile(r"\{(https?://www\.omg\.org/spec/DMN/[^}]*)\}(\w+)")
Element = ElementTree.Element


def parse_xml(path: Path) -> Element:
    """The outermost element of a DMN file. Raises TableFileRefused with where and why."""
    file = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TableFileRefused(file, "is larger than 4 MiB", "split the model")
        content = path.read_bytes()
    except OSError as error:
        raise TableFileRefused(file, error.strerror or "cannot be read") from None
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content[:4096]:
        raise TableFileRefused(file, "holds a document type definition", "save it anew as DMN")
    parser: Any = ElementTree.XMLPullParser(events=("start", "end"))
    depth = count = 0
    root: Element | None = None
    try:
        for start in range(0, len(content), 65_536):
            parser.feed(content[start : start + 65_536])
            for event, element in parser.read_events():
                depth += 1 if event == "start" else -1
                count += event == "start"
                root = element if root is None else root
                if depth > MAX_DEPTH or count > MAX_ELEMENTS:
                    raise TableFileRefused(file, "is nested too deep or too large to be a table")
        parser.close()
    except ElementTree.ParseError as error:
        line, column = error.position
        raise TableFileRefused(
            file, "is no XML that can be read", "export it anew", line=line, column=column + 1
        ) from None
    if root is None or local_name(root) != "definitions":
        raise TableFileRefused(file, "is no DMN file", "its outermost element is definitions")
    return root


def local_name(element: Element) -> str:
    """The name of an element of DMN; "" of what other programs add."""
    found = _NAMESPACE.fullmatch(element.tag) if isinstance(element.tag, str) else None
    return found[2] if found else ""


def children(element: Element, name: str) -> list[Element]:
    """What stands directly within, of this name."""
    return [child for child in element if local_name(child) == name]


def text_of(element: Element | None) -> str:
    """What stands under `text`, "" where nothing does."""
    if element is None:
        return ""
    texts = children(element, "text")
    return (texts[0].text or "").strip() if texts else ""


def first_child(element: Element, name: str) -> Element | None:
    """The first of this name directly within."""
    found = children(element, name)
    return found[0] if found else None


def id_of(element: Element) -> str:
    """By what others refer to it."""
    return element.get("id") or element.get("name") or ""
