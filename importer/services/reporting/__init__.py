"""The report of an import: what became of every row, why, when, and how long it took; and the rows for repair."""

from importer.services.reporting.account import row_document, summary
from importer.services.reporting.report import Reporting

__all__ = ["Reporting", "row_document", "summary"]
