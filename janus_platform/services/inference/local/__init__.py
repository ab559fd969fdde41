"""The local engine: answers by quoting, fills JSON and tool calls from the request's own words, measures images."""
