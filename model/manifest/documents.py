"""
YAML that nobody vouches for, as plain data in which everything knows where it was written.

The parser's events are put together here, not with PyYAML's composer and constructors: those
recurse as deep as the file asks, expand aliases without end, and drop the first of equal keys.
"""

import functools
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import attrs

from .errors import ManifestError, Path, Position, Problem, quoted
from .scalars import Scalar, as_key, resolved, tagged, with_yaml_escapes

__all__ = ["MAX_DEPTH", "MAX_DOCUMENTS", "MAX_NODES", "Node", "documents"]

# A pod template goes down about 15 levels, and what walks the tree here calls itself at each.
MAX_DEPTH = 100
# Aliases included. A Deployment has less than a thousand; the time to read grows with them.
MAX_NODES = 250_000
# Each document is an object for a cluster; whole distributions have a few hundred.
MAX_DOCUMENTS = 10_000

_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_HELM = "this is a template of Helm; run `helm template` first and give the output"


@attrs.frozen(eq=False)
class Node:
    """A value with its place; `keys` has the places of a mapping's keys, in the order written."""

    value: "Scalar | tuple[Node, ...] | dict[str, Node]"
    position: Position
    keys: dict[str, Position] = attrs.field(factory=dict)
    # keys that are no strings in YAML, and became some in JSON, with what was written
    converted: dict[str, str] = attrs.field(factory=dict)
    # how many nodes this is with every alias written out, and how many levels
    size: int = 1
    depth: int = 1

    def get(self, *path: str | int) -> "Node | None":
        """The node at a path of field names and indices, or None."""
        node: Node | None = self
        for step in path:
            inner = node.value if node is not None else None
            if isinstance(inner, dict):
                node = inner.get(str(step).removeprefix("[").removesuffix("]"))
            elif isinstance(inner, tuple) and isinstance(step, int) and step < len(inner):
                node = inner[step]
            else:
                return None
        return node

    def plain(self) -> Any:
        """The value without places: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value


def documents(text: str, file: str) -> list[Node]:
    """The documents of a text, empty ones left out; raises ManifestError for the first problem."""
    import yaml  # here, so that `seatrial --help` does not wait for it

    found = _UNPRINTABLE.search(text)
    if found:
        before = text[: found.start()]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        _refuse(
            Position(file, line, column),
            f"{found[0]!r} is no character of a text; YAML or JSON in UTF-8 is read",
        )
    if text.lstrip().startswith("{"):
        text = with_yaml_escapes(text)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Composer(text, file).compose(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = ", ".join(filter(None, (error.problem, error.context)))
        says = f"this is not YAML: {reason}; look at indentation, quotes and colons up to here"
        _refuse(*_or_helm(text, Position(file, line, column), says))
    except yaml.YAMLError as error:
        _refuse(Position(file, 1, 1), f"this is not YAML: {quoted(str(error))}; write YAML or JSON")


def _refuse(position: Position, says: str, path: Path = ()) -> NoReturn:
    raise ManifestError([Problem(position, path, says)]) from None


def _step(key: str | None) -> str:
    """A key as a step of a path. What is a field and what a map's key is not known here."""
    name = "null" if key is None else key
    return name if name.isalnum() else f"[{name}]"


def _or_helm(text: str, position: Position, says: str) -> tuple[Position, str]:
    """
    The same problem, unless the text looks like a template at or before its place.

    Only asked where reading failed: braces inside of strings are common and mean nothing.
    """
    for number, line in enumerate(text.split("\n")[: position.line], 1):
        if "{{" in line:
            return Position(position.file, number, line.index("{{") + 1), _HELM
    return position, says


@attrs.define(eq=False)
class _Open:
    """A mapping or list that has begun and not ended."""

    position: Position
    mapping: bool
    anchor: str | None
    children: list[Node] = attrs.field(factory=list)
    # which of the children are a merge key, and how a key was written
    written: list[str | None] = attrs.field(factory=list)


@attrs.define(eq=False)
class _Composer:
    """Puts the events of a file together; the stack is a list, so depth costs no recursion."""

    text: str
    file: str
    nodes: int = 0
    stack: list[_Open] = attrs.field(factory=list)
    anchors: dict[str, Node | None] = attrs.field(factory=dict)
    roots: list[Node] = attrs.field(factory=list)

    def compose(self, events: Iterator[Any]) -> list[Node]:
        """All documents of the file."""
        started = 0
        for event in events:
            kind = type(event).__name__
            position = self.position(event.start_mark)
            if kind == "DocumentStartEvent":
                self.anchors = {}
                started += 1
                if started > MAX_DOCUMENTS:
                    _refuse(position, f"more than {MAX_DOCUMENTS} documents; split the file")
            elif kind == "ScalarEvent":
                self.count(position, 1)
                node = Node(self.scalar(event, position), position)
                plain = event.style in (None, "") and event.tag is None
                self.add(node, event.anchor, event.value if plain else None)
            elif kind == "AliasEvent":
                self.add(self.alias(event.anchor, position), None, None)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                self.begin(event, position, kind == "MappingStartEvent")
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                self.end()
        return [each for each in self.roots if each.value is not None]

    def position(self, mark: Any) -> Position:
        return Position(self.file, mark.line + 1, mark.column + 1)

    def path(self) -> Path:
        """Where in its document the reader is: the entries that have begun and not ended."""
        steps: list[str | int] = []
        for opened in self.stack:
            if not opened.mapping:
                steps.append(len(opened.children))
            elif len(opened.children) % 2:
                key = opened.children[-1].value
                steps.append(_step("a key" if isinstance(key, tuple | dict) else as_key(key)))
        return tuple(steps)

    def count(self, position: Position, size: int) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            why = "with all aliases written out, " if size > 1 else ""
            _refuse(
                position, f"{why}the file has more than {MAX_NODES} values up to here; write fewer"
            )

    def begin(self, event: Any, position: Position, mapping: bool) -> None:
        self.count(position, 1)
        self.check_depth(position, 1)
        expected = "tag:yaml.org,2002:" + ("map" if mapping else "seq")
        if event.tag not in (None, "!", expected):
            _refuse(
                position,
                f"the tag {quoted(event.tag)} is unknown; only the types of JSON are read",
                self.path(),
            )
        if event.anchor:
            self.anchors[event.anchor] = None  # known, but not complete
        self.stack.append(_Open(position, mapping, event.anchor))

    def check_depth(self, position: Position, more: int) -> None:
        if len(self.stack) + more > MAX_DEPTH:
            _refuse(position, f"nested deeper than {MAX_DEPTH} levels; no object of a cluster is")

    def scalar(self, event: Any, position: Position) -> Scalar:
        if event.tag is None:
            value = resolved(event.value) if event.style in (None, "") else str(event.value)
        else:
            try:
                value = tagged(event.tag, event.value)
            except ValueError as error:
                says = f"the tag {quoted(event.tag)} cannot be used: {error}"
                _refuse(position, says, self.path())
        if isinstance(value, float) and not math.isfinite(value):
            says = f"{event.value} is no number of JSON; write a finite number"
            _refuse(position, says, self.path())
        return value

    def alias(self, name: str, position: Position) -> Node:
        if name not in self.anchors:
            says = f"the alias *{name} has no anchor; write &{name} before it"
            _refuse(position, says, self.path())
        target = self.anchors[name]
        if target is None:
            says = f"the alias *{name} stands inside of what it names; write it out"
            _refuse(position, says, self.path())
        self.count(position, target.size)
        self.check_depth(position, target.depth - 1)
        return target

    def add(self, node: Node, anchor: str | None, written: str | None) -> None:
        if anchor:
            self.anchors[anchor] = node
        if self.stack:
            self.stack[-1].children.append(node)
            self.stack[-1].written.append(written)
        else:
            self.roots.append(node)

    def end(self) -> None:
        """Closes the innermost mapping or list."""
        opened = self.stack.pop()
        size = 1 + sum(child.size for child in opened.children)
        depth = 1 + max((child.depth for child in opened.children), default=0)
        make = functools.partial(Node, position=opened.position, size=size, depth=depth)
        if not opened.mapping:
            self.add(make(tuple(opened.children)), opened.anchor, None)
            return
        built = _Mapping(self.text, self.path)
        for index in range(0, len(opened.children), 2):
            key, value = opened.children[index : index + 2]
            if opened.written[index] == "<<":
                built.merge(key, value)
            else:
                built.put(key, value, opened.written[index])
        node = make(built.members, keys=built.keys, converted=built.converted)
        self.add(node, opened.anchor, None)


@attrs.define(eq=False)
class _Mapping:
    """A mapping while it is put together from its entries, merge keys among them."""

    text: str
    path: Callable[[], Path]
    members: dict[str, Node] = attrs.field(factory=dict)
    keys: dict[str, Position] = attrs.field(factory=dict)
    converted: dict[str, str] = attrs.field(factory=dict)
    merged: set[str] = attrs.field(factory=set)

    def put(self, key: Node, value: Node, written: str | None) -> None:
        """One written entry, which goes before whatever was merged."""
        if isinstance(key.value, tuple | dict):
            says = f"{quoted(key.value)} is used as a key; write a string"
            _refuse(*_or_helm(self.text, key.position, says))
        name = as_key(key.value)
        if name is None:
            _refuse(key.position, "null is used as a key; write a string", self.path())
        if name in self.members and name not in self.merged:
            first = self.keys[name]
            _refuse(
                key.position,
                f"the key {quoted(name)} was given before, in line {first.line}; remove one of the"
                " two",
                (*self.path(), _step(name)),
            )
        self.merged.discard(name)
        self.members[name] = value
        self.keys[name] = key.position
        self.converted.pop(name, None)
        if not isinstance(key.value, str):
            self.converted[name] = written or name

    def merge(self, key: Node, value: Node) -> None:
        """
        An entry `<<: *defaults`; of a list of mappings, the first that has a key gives it.

        go-yaml lets a merge key override what stands above it, and YAML says that it never does.
        Where the two differ, nobody is sure to get what they meant.
        """
        sources = value.value if isinstance(value.value, tuple) else (value,)
        given: set[str] = set()
        for source in sources:
            if not isinstance(source.value, dict):
                says = "<< merges mappings only; write an alias of a mapping"
                _refuse(value.position, says, self.path())
            for name, member in source.value.items():
                if name in given:
                    continue
                if name in self.members:
                    _refuse(
                        key.position,
                        f"<< gives the key {quoted(name)}, which stands above it; write << first",
                        (*self.path(), _step(name)),
                    )
                given.add(name)
                self.members[name] = member
                self.keys[name] = source.keys[name]
                if name in source.converted:
                    self.converted[name] = source.converted[name]
        self.merged |= given
