"""`janus check`: what it finds on a platform that agrees, on one that drifted, and on hosts that are not there."""
