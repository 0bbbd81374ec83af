"""A step that always fails is set aside: its import says so, everything else goes on, and it can be given back."""

from collections.abc import Callable
from pathlib import Path

from importer.domain.imports import ImportStatus
from importer.domain.rows import Outcome
from importer.domain.steps import MOST_CRASHES, StepKind
from importer.sandbox.shop import Shop
from tests.integration.conftest import Running, make_settings, working

Products = Callable[..., Path]
