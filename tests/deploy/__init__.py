"""What lies in deploy/: manifests and scripts for others than one machine."""
