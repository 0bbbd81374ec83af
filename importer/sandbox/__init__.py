"""The practice shop: Magento's asynchronous bulk API on loopback. It imports nothing of the rest of importer."""
