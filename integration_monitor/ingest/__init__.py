"""Facts that arrive: calls from the sync's own code, and from anywhere by the calls API."""
