"""The page for people: choose a file, see what it is, check it, watch it go, take the rows home that need a person."""

from importer.web.pages import home, imports, mappings, preview, schedules, session, shops, tokens

TABLES = (
    session.operations,
    home.operations,
    preview.operations,
    imports.operations,
    schedules.operations,
    shops.operations,
    mappings.operations,
    tokens.operations,
)
