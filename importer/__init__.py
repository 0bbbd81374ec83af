"""importer: the asynchronous import service that commerce shops deserve."""
