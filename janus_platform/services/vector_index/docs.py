"""Cut the documentation of installed frameworks and of the standard library into chunks, out of their docstrings.

Source files are parsed, never imported: nothing of a framework runs. Only what the standard library has in C, and
therefore in no source file, is read from the imported module: it is part of the
interpreter, which does nothing when it is imported. A chunk's source is the page of
the project's own documentation, with the Python name as the fragment.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from janus_platform.services.vector_index.chunks import DOCUMENTATION, Chunk, split
from janus_platform.services.vector_index.pages import PASSING_ON, STANDARD, page_of

# A docstring of fewer words repeats the name.
MIN_WORDS = 6
WORDS_PER_CHUNK = 100
# What follows is a list of parameters of some long call; it would outnumber everything else.
MAX_CHUNKS = 3

COMPILED = frozenset(
    """builtins collections contextvars csv datetime functools io itertools math operator os random re select signal
    socket sqlite3 ssl struct sys time zlib""".split()
)
# Where names of these modules say that they come from.
_HOMES = {"os": {"posix", "nt"}}

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Framework:
    """An installed package, and the parts of it (paths below it, "" for all) that its users call."""

    name: str
    parts: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Entry:
    """One documented thing: its public name, how it is called ("" for a module or a plain value), its docstring."""

    name: str
    signature: str
    text: str
    source: str


FRAMEWORKS = (
    Framework(
        "httpx",
        tuple("_api.py _auth.py _client.py _config.py _exceptions.py _models.py _transports _urls.py".split()),
    ),
    Framework(
        "openai",
        tuple(
            """_client.py _exceptions.py _streaming.py lib/streaming resources/audio resources/batches.py resources/chat
            resources/completions.py resources/embeddings.py resources/files.py resources/images.py resources/models.py
            resources/moderations.py resources/responses resources/vector_stores""".split()
        ),
    ),
    Framework("starlette"),
)


def documentation_chunks() -> list[Chunk]:
    """Every chunk of the documentation, in a fixed order; what is not installed is left out."""
    seen: set[str] = set()
    chunks: list[Chunk] = []
    for entry in _entries():
        # Clients come in pairs, sync and async, that share their docstrings; and overloads repeat theirs.
        if len(entry.text.split()) >= MIN_WORDS and entry.text not in seen:
            seen.add(entry.text)
            chunks += _chunks_of(entry)
    # Overloads of one function differ in a line, and their later passages do not.
    return list(dict.fromkeys(chunks))


def _entries() -> Iterator[Entry]:
    for framework in FRAMEWORKS:
        yield from _framework_entries(framework)
    for top in dict.fromkeys(name.partition(".")[0] for name in STANDARD):
        documented = set()
        for entry in _module_entries(top, ("",)):
            documented.add(entry.name)
            yield entry
        if top in COMPILED:
            for name, signature, text, kind in compiled_entries(top):
                if name not in documented:
                    yield Entry(name, signature, text, page_of(top, name, kind=kind))


def _framework_entries(framework: Framework) -> Iterator[Entry]:
    yield from _module_entries(framework.name, framework.parts)


def _module_entries(top: str, parts: tuple[str, ...]) -> Iterator[Entry]:
    for root, file in _files(top, parts):
        module = _dotted(top, root, file)
        public = _public(module, top)
        if public is None:
            continue
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue  # Somebody's installation is damaged; the rest of its documentation is not.
        for name, signature, text in _documented(tree, public):
            yield Entry(name, signature, text, page_of(module, name))


def _files(top: str, parts: tuple[str, ...]) -> Iterator[tuple[Path, Path]]:
    """The package's folder and each of its source files; nothing when it is not installed or has none."""
    spec = PathFinder.find_spec(top)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return
    origin = Path(spec.origin)
    if spec.submodule_search_locations is None:
        yield origin.parent, origin
        return
    root = origin.parent
    for part in parts:
        path = root / part
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []
        yield from ((root, file) for file in files if not {"test", "tests"} & set(file.relative_to(root).parts))


def _dotted(top: str, root: Path, file: Path) -> str:
    """`http.client` for http/client.py; `statistics` for a module that is one file."""
    if file.name == f"{top}.py" and file.parent == root:
        return top
    inner = file.relative_to(root).with_suffix("").parts
    return ".".join((top, *(part for part in inner if part != "__init__")))


def _public(module: str, top: str) -> str | None:
    """The name under which users import what stands in `module`; None when it is nobody's business."""
    if top in {name.partition(".")[0] for name in STANDARD}:
        owners = [name for name in STANDARD if module == name or module.startswith(name + ".")]
        owner = max(owners, key=len, default=None)
        inner = "" if owner is None else module[len(owner) + 1 :]
        # A submodule that is neither listed, nor private, nor passed on by its package has a page that is not read.
        return owner if not inner or inner.startswith("_") or owner in PASSING_ON else None
    # httpx._client.Client is httpx.Client; …chat.completions.completions.Completions has a part twice.
    parts = [part for part in module.split(".") if not part.startswith("_")]
    return ".".join(part for i, part in enumerate(parts) if i == 0 or part != parts[i - 1])


def _documented(tree: ast.Module, public: str) -> Iterator[tuple[str, str, str]]:
    """Name, signature and docstring of the module and of every public definition in it, down to methods."""
    if text := ast.get_docstring(tree):
        yield public, "", text
    yield from _definitions(tree, public)


def _definitions(parent: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, str, str]]:
    for node in parent.body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        name = f"{prefix}.{node.name}"
        if text := ast.get_docstring(node):
            yield name, _signature(node), text
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node, name)


def _signature(node: Definition) -> str:
    """The names of the parameters, without annotations and defaults: they say how it is called, and are short."""
    if isinstance(node, ast.ClassDef):
        inits = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
        return _signature(inits[0]) if inits else ""
    a = node.args
    names = [arg.arg for arg in (*a.posonlyargs, *a.args)]
    names += [f"*{a.vararg.arg}"] if a.vararg else ["*"] if a.kwonlyargs else []
    names += [arg.arg for arg in a.kwonlyargs]
    names += [f"**{a.kwarg.arg}"] if a.kwarg else []
    shown = [name for name in names if name not in ("self", "cls")]
    return f"({', '.join(shown[:8] + ['…'] * (len(shown) > 8))})"


def compiled_entries(module: str) -> Iterator[tuple[str, str, str, str]]:
    """Name, signature ("" where C keeps it to itself), docstring and kind of every public thing in `module`.

    The kind is "function", "type" or "exception".
    """
    loaded = importlib.import_module(module)
    homes = {module, f"_{module}", *_HOMES.get(module, ())}
    for attribute, value in sorted(vars(loaded).items()):
        if attribute.startswith("_") or getattr(value, "__module__", None) not in homes:
            continue
        if inspect.isclass(value):
            yield from _of_class(f"{module}.{attribute}", value)
        elif inspect.isbuiltin(value) and value.__doc__:
            yield f"{module}.{attribute}", _text_signature(value), value.__doc__, "function"


def _of_class(name: str, value: type) -> Iterator[tuple[str, str, str, str]]:
    kind = "exception" if issubclass(value, BaseException) else "type"
    if value.__doc__:
        yield name, _text_signature(value), value.__doc__, kind
    for attribute, member in sorted(vars(value).items()):
        # Methods in Python were read from the source.
        text = getattr(member, "__doc__", None)
        written_in_c = inspect.ismethoddescriptor(member) or isinstance(member, classmethod | staticmethod)
        if not attribute.startswith("_") and written_in_c and isinstance(text, str):
            yield f"{name}.{attribute}", _text_signature(member), text, kind


def _text_signature(value: object) -> str:
    text = getattr(value, "__text_signature__", None) or ""
    for own in ("($self, /, ", "($self, /", "($self, ", "($self", "($module, /, ", "($module, /", "($module, "):
        if text.startswith(own):
            return "(" + text.removeprefix(own)
    return text


def _chunks_of(entry: Entry) -> list[Chunk]:
    """A docstring's chunks, each with the name before it; the first also says how it is called."""
    passages = split(inspect.cleandoc(entry.text), words=WORDS_PER_CHUNK)[:MAX_CHUNKS]
    called = f"{entry.name}{entry.signature}"
    return [
        Chunk(f"{called if i == 0 else entry.name}\n{passage}", entry.source, entry.name, "", DOCUMENTATION)
        for i, passage in enumerate(passages)
        if passage
    ]
