"""The webhook receiver: verify, make durable, answer; nothing else is done while a partner waits.

`routes` takes requests off the app, `reception` says what is answered to them, `intake` is what is
known of one integration, `group_commit` stores whatever waits, all at once.
"""
