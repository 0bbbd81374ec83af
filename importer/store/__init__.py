"""State: SQL is the truth. One function for each question or transition; no session leaves this folder."""
