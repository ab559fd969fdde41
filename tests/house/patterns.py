"""Every regular expression of the packages, and hostile texts made from each one's own syntax tree.

A pattern is found as a module's constant (also inside lists, tuples and dicts of them) or as the first argument of a
call such as `re.sub(…)`, evaluated in its module. What cannot be evaluated is reported, so that nothing goes by unseen.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

# The parser that `re` itself uses; its module has no public name.
sre: Any = importlib.import_module("re._constants")
sre_parser: Any = importlib.import_module("re._parser")
CALLS = ("compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")
ANCHORED = ("match", "fullmatch")
# Of a class the members most likely to be pumped, and what most classes leave out.
_TYPICAL = " \n\ta0A_.-,:;/<>[](){}\"'`*+#=!?|&%@\\\r—"
MOST_CHARACTERS = 12


@dataclass(frozen=True)
class Found:
    """A pattern, where it stands, and whether it is only ever tried at the beginning of a text."""

    where: str
    pattern: re.Pattern[Any]
    is_anchored: bool = False


def modules(*packages: str) -> Iterator[tuple[str, Path]]:
    """Name and file of every module below the packages."""
    for package in packages:
        for file in sorted(Path(package).rglob("*.py")):
            parts = file.with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


@cache
def patterns_of(name: str, file: Path) -> tuple[list[Found], list[str]]:
    """The patterns of a module, and the calls whose pattern is known only when they run."""
    source = file.read_text(encoding="utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if _is_call(node)]
    if not calls:
        return [], []
    module = _imported(name, file)
    found = {
        id(pattern): Found(f"{name}.{where}", pattern, _is_anchored(where, source))
        for where, pattern in _constants(module)
    }
    known = {(p.pattern.pattern, p.pattern.flags) for p in found.values()}
    unresolved = []
    for call in calls:
        pattern = _evaluated(call, module)
        if pattern is None:
            if not _at_module_level(call, source):
                unresolved.append(f"{name}: {ast.unparse(call.args[0])}")
        elif (pattern.pattern, pattern.flags) not in known:
            anchored = isinstance(call.func, ast.Attribute) and call.func.attr in ANCHORED
            found[id(pattern)] = Found(f"{name}:{call.lineno}", pattern, anchored)
    return list(found.values()), unresolved


def hostile_texts(pattern: re.Pattern[Any], characters: int) -> Iterator[str | bytes]:
    """Texts of that length which make a pattern try again and again, if any can."""
    tree = sre_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    alphabet = list(dict.fromkeys([*_alphabet(tree), " ", "a", "\n"]))[:MOST_CHARACTERS]
    starts = list(dict.fromkeys(_beginnings(tree)))
    pumps = dict.fromkeys([*alphabet, *starts, *("".join(pair) for pair in product(alphabet, repeat=2))])
    seen: set[str] = set()
    for pump in pumps:
        for before, after in [("", ""), ("", "\x00"), *((start, "\x00") for start in starts[-6:])]:
            text = before + (pump * (characters // len(pump) + 1))[:characters] + after
            if text not in seen:
                seen.add(text)
                yield text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text


def _imported(name: str, file: Path) -> ModuleType:
    """The module; one of an implementation's folder as its program would see it, beside its siblings."""
    if "implementations" not in file.parts or file.name == "__init__.py":
        return importlib.import_module(name)
    # Two implementations may have files of one name: another's are set aside meanwhile.
    siblings = {sibling.stem for sibling in file.parent.glob("*.py")}
    others = {name: sys.modules.pop(name) for name in siblings & set(sys.modules)}
    sys.path.insert(0, str(file.parent))
    try:
        return importlib.import_module(file.stem)
    finally:
        sys.path.remove(str(file.parent))
        for name in siblings & set(sys.modules):
            del sys.modules[name]
        sys.modules.update(others)


def _is_call(node: ast.AST) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return False
    return isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.func.attr in CALLS


def _constants(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any]]]:
    waiting = [(name, value, 0) for name, value in vars(module).items() if not name.startswith("__")]
    while waiting:
        name, value, depth = waiting.pop()
        if isinstance(value, re.Pattern):
            yield name, value
        elif depth < 4 and isinstance(value, list | tuple | set | frozenset):
            waiting += [(name, member, depth + 1) for member in value]
        elif depth < 4 and isinstance(value, dict):
            waiting += [(name, member, depth + 1) for pair in value.items() for member in pair]


def _evaluated(call: ast.Call, module: ModuleType) -> re.Pattern[Any] | None:
    flags = [k.value for k in call.keywords if k.arg == "flags"]
    place = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(call.func.attr, 2)  # type: ignore[attr-defined]
    flags += call.args[place : place + 1]
    try:
        pattern = eval(ast.unparse(call.args[0]), vars(module).copy())
        given = eval(ast.unparse(flags[0]), vars(module).copy()) if flags else 0
        return re.compile(pattern, given) if isinstance(pattern, str | bytes) else None
    except Exception:
        return None


def _at_module_level(call: ast.Call, source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner = {(n.lineno, n.col_offset) for n in ast.walk(node) if isinstance(n, ast.Call)}
            if (call.lineno, call.col_offset) in inner:
                return False
    return True


def _is_anchored(name: str, source: str) -> bool:
    used = set(re.findall(rf"\b{re.escape(name)}\.(\w+)\b", source)) & {*CALLS, "finditer"}
    return bool(used) and used <= set(ANCHORED)


def _alphabet(tree: Any) -> Iterator[str]:
    """Characters that the pattern's own literals and classes take."""
    for op, value in tree:
        if op in (sre.LITERAL, sre.NOT_LITERAL):
            yield chr(value)
        elif op is sre.IN:
            taken = [c for c in _TYPICAL if _takes(value, c)]
            yield from (chr(v) for o, v in value if o is sre.LITERAL)
            yield from taken[:5]
        elif op is sre.ANY:
            yield "a"
        else:
            for part in _parts(op, value):
                yield from _alphabet(part)


def _parts(op: Any, value: Any) -> list[Any]:
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, getattr(sre, "POSSESSIVE_REPEAT", None)):
        return [value[2]]
    if op is sre.SUBPATTERN:
        return [value[3]]
    if op is sre.BRANCH:
        return list(value[1])
    if op in (sre.ASSERT, sre.ASSERT_NOT):
        return [value[1]]
    return [value] if op is getattr(sre, "ATOMIC_GROUP", None) else []


def _takes(members: Any, character: str) -> bool:
    negated = bool(members) and members[0][0] is sre.NEGATE
    hit = any(
        (op is sre.LITERAL and value == ord(character))
        or (op is sre.RANGE and value[0] <= ord(character) <= value[1])
        or (op is sre.CATEGORY and _in_category(value, character))
        for op, value in members
    )
    return hit != negated


def _in_category(category: Any, character: str) -> bool:
    name = str(category)
    kind = character.isspace() if "SPACE" in name else character.isdigit() if "DIGIT" in name else (
        character.isalnum() or character == "_"
    )  # fmt: skip
    return kind != ("NOT" in name)


def _beginnings(tree: Any, before: str = "") -> Iterator[str]:
    """A text that the pattern takes, cut after each of its parts, in each branch."""
    said = before
    for op, value in tree:
        for part in _parts(op, value)[:8]:
            yield from _beginnings(part, said if len(said) < 40 else said[-40:])
        said += _example(op, value)
        if said:
            yield said[-60:]


def _example(op: Any, value: Any) -> str:
    """The shortest plain text that a part of a pattern takes, nearly always."""
    if op is sre.LITERAL:
        return chr(value)
    if op is sre.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if op is sre.ANY:
        return "a"
    if op is sre.IN:
        plain = [chr(v) for o, v in value if o is sre.LITERAL and value[0][0] is not sre.NEGATE]
        return next((c for c in "aA0 -" + _TYPICAL if _takes(value, c)), (plain or [""])[0])
    if op in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
        return ""
    parts = _parts(op, value)
    if not parts:
        return ""
    once = "".join(_example(o, v) for o, v in parts[0])
    return once * max(1, min(int(value[0]), 4)) if op in (sre.MAX_REPEAT, sre.MIN_REPEAT) else once
