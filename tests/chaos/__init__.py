"""Imports into shops that do everything wrong, by processes that are killed: the promises of delivery, kept."""
