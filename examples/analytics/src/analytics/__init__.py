"""A shop's analytics: an example of a Dagster project with integration_monitor in it."""
