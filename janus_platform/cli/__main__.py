"""`python -m janus_platform.cli`: the command `janus`."""

from janus_platform.cli.main import main

if __name__ == "__main__":
    main()
