"""The node's tests run on the event loop that ships."""

from __future__ import annotations

from tests.shipped_loop import on_the_loop_that_ships as on_the_loop_that_ships
