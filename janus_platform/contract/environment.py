"""Every environment variable that the platform, the bench, the book and an implementation read, in one table.

The book's configuration page is written from it, and a test compares it with every place in the code that reads the
environment. What a variable means stands here once; who reads it does so by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from janus_platform.contract import Contract


@dataclass(frozen=True)
class Variable:
    """One variable: which part reads it, what holds without it, and what it does. `secret` values are keys."""

    name: str
    part: str
    default: str
    meaning: str
    secret: bool = False


YOURS, TRACES, IMPLEMENTATION, SANDBOX, TOOLS = "platform", "traces", "implementation", "sandbox", "make"
BENCH = "bench"


def variables(contract: Contract) -> tuple[Variable, ...]:
    """All of them, by part; names that the contract states come from it."""
    inference, search = contract.inference.upstream, contract.search.live
    named = (
        Variable(
            inference.address_variable,
            YOURS,
            "the local engine",
            "Address of an OpenAI-compatible server to use for inference instead of the local engine, such as "
            "http://127.0.0.1:8080/v1.",
        ),
        Variable(inference.key_variable, YOURS, "none", "The key for that server.", secret=True),
        Variable(
            inference.models_variable,
            YOURS,
            "names stay as they are",
            "Its model for each name of the contract, such as gpt-4o-mini=llama3.2,*=qwen3.",
        ),
        Variable(search.key_variable, YOURS, "none", "The key of the live search engine (`--web live`).", secret=True),
    )
    return (*_PLATFORM, *named, *_REST, *_of_implementation(contract))


_PLATFORM = (
    Variable(
        "JANUS_HOME",
        YOURS,
        "the system's folder for a user's data",
        "Where everything that outlives a process is kept: runs, leaderboard, models, logs.",
    ),
    Variable("XDG_DATA_HOME", YOURS, "~/.local/share", "On Linux, the folder that holds `janus` without JANUS_HOME."),
    Variable("LOCALAPPDATA", YOURS, "AppData/Local", "On Windows, the same."),
    Variable(
        "JANUS_MODE",
        YOURS,
        "local",
        "`live`: `janus.up()` starts nothing, and the same code talks to the real hosts.",
    ),
    Variable("JANUS_WEB", YOURS, "corpus", "`live`: web proxy and search answer from the real web."),
    Variable(
        "JANUS_MODEL",
        YOURS,
        "none: the local engine",
        "A language model to run beside the local engine: a name from `janus model list`, or the path of a GGUF file.",
    ),
    Variable(
        "JANUS_API_KEYS",
        YOURS,
        "none: the gateway is open on this machine",
        "Keys that clients of the gateway must send one of, separated by commas.",
        secret=True,
    ),
)
_REST = (
    Variable("JANUS_EXERCISES", YOURS, "none", "A folder with your own exercises, listed after the book's."),
    Variable(
        "JANUS_ROOM",
        YOURS,
        "the saved ticket, if there is one",
        "A learner's ticket to a shared classroom: the classroom's platform is then used instead of the local one.",
        secret=True,
    ),
    Variable(
        "JANUS_LEADERBOARD",
        BENCH,
        "one's own",
        "Address of a shared leaderboard, or of a PostgreSQL database: postgresql://…",
    ),
    Variable("OTEL_EXPORTER_OTLP_ENDPOINT", TRACES, "nothing is sent", "Address of an OpenTelemetry collector."),
    Variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", TRACES, "the one above", "The full address, for traces only."),
    Variable("OTEL_EXPORTER_OTLP_PROTOCOL", TRACES, "http/protobuf", "The protocol; no other is supported."),
    Variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", TRACES, "the one above", "The same, for traces only."),
    Variable("OTEL_SDK_DISABLED", TRACES, "false", "`true`: no trace is sent."),
    Variable("OTEL_TRACES_EXPORTER", TRACES, "otlp", "`none`: no trace is sent."),
    Variable("JANUS_BENCH_API_KEY", BENCH, "none", "The key for the target of a run.", secret=True),
    Variable("JANUS_BENCH_JUDGE_KEY", BENCH, "none", "The key for the judge of a run.", secret=True),
    Variable("JANUS_BENCH_DATA", BENCH, "below JANUS_HOME", "The folder of public benchmarks' files."),
    Variable("JANUS_BROWSER", TOOLS, "the first that is found", "The browser that checks pages and draws diagrams."),
    Variable("PLAYWRIGHT_BROWSERS_PATH", TOOLS, "Playwright's own", "Where Playwright keeps its browsers."),
)


def _of_implementation(contract: Contract) -> tuple[Variable, ...]:
    key = contract.implementation.key_variable
    return (
        Variable(key, IMPLEMENTATION, "always set", "Its own key for inference.", secret=True),
        Variable("HOST", IMPLEMENTATION, "127.0.0.1", "The address to listen on."),
        Variable("PORT", IMPLEMENTATION, "always set", "The port to listen on."),
        Variable("PYTHONPATH", IMPLEMENTATION, "not set", "Where its own packages are."),
        Variable("JANUS_IMPLEMENTATION", IMPLEMENTATION, "always set", "The name it is deployed under."),
        Variable("OUTPUT_DIR", SANDBOX, "the working directory", "Where a program puts files to be returned."),
    )
