"""`python -m integration_monitor …`: the command line, where no script of it is to be found."""

from integration_monitor.cli import main

if __name__ == "__main__":
    main()
