"""The command `janus`."""
