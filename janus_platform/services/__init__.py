"""The five platform services, and the base of their errors.

OpenBLAS, below numpy, gets one thread: its threads and `fork` do not go together. Before a fork it stops them, which
waits, or hangs, while another thread multiplies; and the sandbox forks while the vector index is being made.
"""

import os

from janus_platform.errors import PlatformError

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class ServiceError(PlatformError):
    """Something in a service did not work."""
