"""Carriers of steps. `embedded` lives in the state database; a broker for many machines comes beside it."""
