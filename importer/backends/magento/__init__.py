"""Magento Open Source, Adobe Commerce and Mage-OS through their asynchronous bulk REST API."""
