"""Matplotlib's backend inside a run: `plt.show()` writes each open figure as `figure-1.png` and so on, and closes it.

Copied into each run; it runs there and knows nothing of the platform.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg


class FigureManager(FigureManagerBase):
    """Shows a figure as a file of the working directory."""

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """What `plt.show()` calls."""
        folder = Path(os.environ.get("OUTPUT_DIR", "."))
        for manager in Gcf.get_all_fig_managers():
            number = 1
            while (path := folder / f"figure-{number}.png").exists():
                number += 1
            manager.canvas.figure.savefig(path)
        Gcf.destroy_all()

    def show(self) -> None:
        """What `figure.show()` calls."""
        self.pyplot_show()


class FigureCanvas(FigureCanvasAgg):
    """Agg's canvas, with the manager above."""

    manager_class: Any = FigureManager
