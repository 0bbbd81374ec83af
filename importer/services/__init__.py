"""Use cases. They know the ports and compute only; which database, broker or shop stands behind is not their word."""
