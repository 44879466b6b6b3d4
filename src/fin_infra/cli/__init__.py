"""The command `fin-infra`.
Floor 7: each command imports what it needs when it runs, so that help is quick."""
