"""The local Janus platform: gateway, node, egress proxy and five services behind the specification's own host names."""
