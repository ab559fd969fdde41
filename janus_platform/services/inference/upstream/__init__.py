"""An OpenAI-compatible server in the local engine's place."""
