"""What Dagster finds: the project's own assets and checks, and the monitor."""
