"""The address of a Python name's documentation: the `source` of chunks that were read from docstrings."""

from __future__ import annotations

PYTHON_DOCS = "https://docs.python.org/3/library/"
_HTTPX = "https://www.python-httpx.org/"
_STARLETTE = "https://www.starlette.io/"
_OPENAI = "https://github.com/openai/openai-python/blob/main/api.md"

# Modules of the standard library that have a page of their own and that an implementation is likely to use.
STANDARD = tuple(
    """argparse asyncio base64 bisect builtins collections collections.abc concurrent.futures configparser contextlib
    contextvars copy csv dataclasses datetime difflib email.utils enum fnmatch fractions functools getpass glob
    graphlib gzip hashlib heapq hmac html html.parser http http.client http.cookies http.server inspect io ipaddress
    itertools json logging logging.handlers math mimetypes multiprocessing multiprocessing.pool operator os os.path
    pathlib pickle platform pprint queue random re secrets select selectors shelve shlex shutil signal socket
    socketserver sqlite3 ssl statistics string struct subprocess sys tempfile textwrap threading time timeit tomllib
    traceback tracemalloc types typing unittest unittest.mock urllib.error urllib.parse urllib.request
    urllib.robotparser uuid warnings weakref zipfile zlib zoneinfo""".split()
)

# Packages whose users import from the package what its modules define.
PASSING_ON = frozenset({"asyncio", "concurrent.futures", "json", "multiprocessing", "unittest", "zoneinfo"})

# asyncio's page is a table of contents; its parts are described on pages of their own.
_ASYNCIO_PAGES = {
    "base_events": "asyncio-eventloop",
    "events": "asyncio-eventloop",
    "exceptions": "asyncio-exceptions",
    "futures": "asyncio-future",
    "locks": "asyncio-sync",
    "protocols": "asyncio-protocol",
    "queues": "asyncio-queue",
    "runners": "asyncio-runner",
    "streams": "asyncio-stream",
    "subprocess": "asyncio-subprocess",
    "taskgroups": "asyncio-task",
    "tasks": "asyncio-task",
    "threads": "asyncio-task",
    "timeouts": "asyncio-task",
    "transports": "asyncio-protocol",
}
_STARLETTE_PAGES = {
    "authentication": "authentication",
    "background": "background",
    "config": "config",
    "endpoints": "endpoints",
    "exceptions": "exceptions",
    "middleware": "middleware",
    "requests": "requests",
    "datastructures": "requests",
    "formparsers": "requests",
    "responses": "responses",
    "routing": "routing",
    "schemas": "schemas",
    "staticfiles": "staticfiles",
    "templating": "templates",
    "testclient": "testclient",
    "websockets": "websockets",
}


def page_of(module: str, name: str, *, kind: str = "") -> str:
    """The address for `name`, found in `module`. `kind` is "function", "type" or "exception" for a built-in name."""
    top, _, rest = module.partition(".")
    part = rest.partition(".")[0]
    if top == "httpx":
        return f"{_HTTPX}{'exceptions' if part == '_exceptions' else 'api'}/#{name}"
    if top == "starlette":
        page = _STARLETTE_PAGES.get(part)
        return f"{_STARLETTE}{page + '/' if page else ''}#{name}"
    if top == "openai":
        return f"{_OPENAI}#{name}"
    if top == "builtins":
        page = {"type": "stdtypes", "exception": "exceptions"}.get(kind, "functions")
        return f"{PYTHON_DOCS}{page}.html#{name.removeprefix('builtins.')}"
    if top == "asyncio":
        return f"{PYTHON_DOCS}{_ASYNCIO_PAGES.get(part, 'asyncio')}.html#{name}"
    owner = max((m for m in STANDARD if name == m or name.startswith(m + ".")), key=len)
    return f"{PYTHON_DOCS}{owner.lower()}.html#{name}"
