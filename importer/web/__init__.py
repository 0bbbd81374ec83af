"""HTTP: the API under /v1, and the page. Both call the same services."""
