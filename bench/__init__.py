"""Measurements beside peers, in one run. What they print are ratios; nothing in the tests depends on them."""

import importer  # noqa: F401 - it says how many threads Polars may have, which has to be said first
