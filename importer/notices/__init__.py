"""What leaves importer of its own accord: webhooks and notices."""
