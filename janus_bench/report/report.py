"""The object around a report that notebooks hold: its scores, its records, its tables and its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_bench.run.records import Record

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from janus_bench.report.plots import Drawing


class Report:
    """A run's report. `records` holds one entry a request, with its timing and verdicts."""

    def __init__(self, document: dict[str, Any], records: Sequence[Record] = (), folder: Path | None = None) -> None:
        self._document = document
        self.records = list(records)
        self.folder = folder

    @property
    def id(self) -> str:
        """The run's id."""
        return str(self._document["id"])

    @property
    def composite(self) -> float:
        """The composite score, 0 to 100."""
        return float(self._document["composite"])

    @property
    def scores(self) -> dict[str, float | None]:
        """Category scores, 0 to 100: quality, speed, cost, streaming, modality; None where not measured."""
        return dict(self._document["scores"])

    def why_unanswered(self) -> str:
        """In one line, why no request at all was answered; nothing where one was."""
        if self._document["requests"]["answered"]:
            return ""
        kinds = ", ".join(f"{count} × {kind}" for kind, count in self._document["errors"].items())
        detail = next((f" ({item['detail']})" for item in self._document["items"] if item["detail"]), "")
        return f"none of {self._document['requests']['done']} requests was answered: {kinds}{detail}."

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return self._document

    def table(self) -> RichTable:
        """The report as a Rich table."""
        from janus_bench.report.tables import report_table

        return report_table(self._document)

    @property
    def pictures(self) -> dict[str, Drawing]:
        """The pictures of the run by name, those with something to show: scores, radar, first_token, pieces."""
        from janus_bench.report.files import report_pictures

        return report_pictures(self._document, self.records)

    def _repr_html_(self) -> str:
        from janus_bench.report.tables import report_html

        return report_html(self._document)

    def __repr__(self) -> str:
        return f"Report({self.id!r}, composite={self.composite:.1f})"
