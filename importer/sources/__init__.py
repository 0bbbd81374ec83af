"""Where bytes come from: local files, and the mapping documents."""
