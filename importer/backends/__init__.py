"""Shop systems. One folder or module for each, one line for each in `BACKENDS`."""

from importer.backends.magento.backend import MagentoBackend, MagentoReader

BACKENDS = {
    "magento": (MagentoReader, MagentoBackend),
}
"""Name in the settings -> (the part that only reads, the whole)."""
