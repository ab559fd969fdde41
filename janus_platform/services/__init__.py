"""The five platform services.

OpenBLAS, below numpy, gets one thread: its threads and `fork` do not go together. Before a fork it stops them, which
waits, or hangs, while another thread multiplies; and the sandbox forks while the vector index is being made.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
