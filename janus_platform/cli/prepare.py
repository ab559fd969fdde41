"""`janus prepare`: what is fetched and built once, so that `janus up` is quick and works without a network."""

from __future__ import annotations

from janus_platform.cli.doctor import missing_options
from janus_platform.cli.progress import Say, shown
from janus_platform.corpus import load_corpus
from janus_platform.errors import PlatformError
from janus_platform.runtime.state import cache_folder
from janus_platform.services.code_sandbox import app as code_sandbox
from janus_platform.services.vector_index import prepare as vector_index_prepare
from janus_platform.services.vector_index.build import BuildError


def prepare_all(say: Say) -> vector_index_prepare.PrepareReport:
    """Get the embedding model, build the vector index and prepare the code sandbox; `say` gets progress lines.

    On a terminal, a bar shows how far it is. What is optional is no failure: without a network the vector index stays
    lexical, without Go the sandbox runs the other languages. The last lines say so, each with its remedy. Raises
    PlatformError when the home folder cannot be written, or the index cannot be made.
    """
    try:
        say("Preparing the code sandbox …")
        notes = code_sandbox.warm_up(cache_folder("sandbox"))
        say("Preparing the vector index …")
        with shown(say) as progress:
            report = vector_index_prepare.prepare(load_corpus(), progress)
    except OSError as error:
        message = f"Cannot prepare: {error}. Make the folder writable, or set JANUS_HOME to one that is."
        raise PlatformError(message) from error
    except BuildError as error:
        raise PlatformError(f"The vector index could not be made: {error}. Run `janus prepare` again.") from error
    if report.notice:
        say(f"The vector index answers lexically: {report.notice}")
    else:
        say(f"The vector index is ready: {report.chunks} chunks, by meaning.")
    for note in notes:
        say(note)
    if missing := missing_options():
        say("Everything that is needed is ready. Optional, and not here:")
        for finding in missing:
            say(f"  · {finding.subject}: {finding.found}. {finding.remedy}")
    else:
        say("Everything is ready.")
    return report
