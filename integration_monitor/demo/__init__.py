"""A small company with two integrations that break on command, and the monitor watching them."""
