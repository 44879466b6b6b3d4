"""The command `fin-infra`.
Floor 8: each command imports what it needs when it runs, so that help is quick."""
