"""A Python client of the service's API: files in, imports watched, rows out (docs/howto/use-the-python-client.md).

It is synchronous: those who call are scripts, nightly jobs and tasks of schedulers, which wait for the end anyway; in an
asynchronous program it runs in a thread. It stands apart: it knows the service by its address alone.
"""

from importer.client.answers import File, Import, Reason, Row, Upload
from importer.client.problems import Denied, Problem, Refused, Unavailable, Unknown, Untimely
from importer.client.service import Client, Said

__all__ = [
    "Client",
    "Denied",
    "File",
    "Import",
    "Problem",
    "Reason",
    "Refused",
    "Row",
    "Said",
    "Unavailable",
    "Unknown",
    "Untimely",
    "Upload",
]
