"""The page and the report in Debian's Chromium."""

from playwright.async_api import expect

expect.set_options(timeout=20_000)  # a busy machine is no defect
