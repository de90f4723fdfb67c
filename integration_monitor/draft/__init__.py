"""Drafting a first manifest from what an API and a database show of themselves."""
