"""The process in which llama.cpp runs: one model file, served on one Unix socket until standard input ends.

It reads one line of JSON from standard input, the fields of `Launch` and the key, which so stands neither in arguments
nor in an environment, where others may read it. Once the model is loaded it writes a line to standard output. What
llama.cpp complains of goes to standard error. Whatever llama.cpp does to its process, the platform lives on.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from typing import Any

READY = "ready"
BATCH = 256


def main() -> None:
    """Serve until standard input ends."""
    wanted = json.loads(sys.stdin.readline())
    # `janus model remove` asks for this lock (models/files.py); it is free when this process ends, however it ends.
    with open(wanted["path"], "rb") as model:
        fcntl.flock(model, fcntl.LOCK_SH)
        _serve(wanted)


def _serve(wanted: dict[str, Any]) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = wanted["path"]
    params.hostnames, params.api_keys = [wanted["socket"]], [wanted["key"]]
    params.n_parallel = wanted["slots"]
    params.n_ctx = wanted["slots"] * wanted["context"]
    # While one prompt is read, the other slots wait: at most for so many tokens of it.
    params.n_batch = params.n_ubatch = BATCH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = wanted["threads"]
    # An answer may be long; what connects is the platform alone.
    params.n_threads_http = 2 * wanted["slots"] + 2
    # A slot keeps the prompt that it read last. A second store of up to 8 GB, llama.cpp's own default, is not wanted.
    params.cache_ram_mib = 0
    # What fits is decided beforehand, by the memory that is free.
    params.fit_params = False
    params.ui = False
    params.verbosity = 1
    server = xllamacpp.Server(params)
    print(READY, flush=True)
    sys.stdin.read()
    assert server is not None  # It ends with this process, at once: nothing of it is worth waiting for.
    os._exit(0)


if __name__ == "__main__":
    main()
