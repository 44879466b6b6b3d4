"""`python -m fin_infra.cli`: the command where its script is not on the path.
Floor 8: nothing but the call."""

from fin_infra.cli.main import app

app(prog_name="fin-infra")
