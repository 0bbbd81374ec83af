"""Measurements: importer beside a peer in the same run, as ratios. Nothing here is asserted in tests."""
