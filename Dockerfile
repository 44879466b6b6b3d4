# The service and the sandbox in one image; which of them runs is the command.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
# First what the package needs, with an empty package in its place: a change of the source leaves this layer as it is.
RUN python -m venv /opt/fin-infra \
 && for name in fin_infra bankersbank asset_aggregator; do mkdir -p "src/$name" && touch "src/$name/__init__.py"; done \
 && PIP_CONSTRAINT=constraints.txt /opt/fin-infra/bin/pip install --no-cache-dir -c constraints.txt '.[service]'
COPY src ./src
RUN PIP_CONSTRAINT=constraints.txt /opt/fin-infra/bin/pip install --no-cache-dir --force-reinstall --no-deps . \
 && /opt/fin-infra/bin/pip uninstall --yes pip

# The acceptance tests, for the service `tester` of docker-compose.test.yml; nothing of it is in the image below.
FROM python:3.11-slim AS tester
RUN apt-get update && apt-get install --yes --no-install-recommends procps && rm -rf /var/lib/apt/lists/* \
 && useradd --system --no-create-home --uid 10001 tester
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
RUN PIP_CONSTRAINT=constraints.txt pip install --no-cache-dir -c constraints.txt '.[service,dev]'
COPY scripts ./scripts
COPY tests ./tests
ENV HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER tester
CMD ["pytest", "-q", "-p", "no:cacheprovider", "-m", "acceptance", "tests/acceptance"]

FROM python:3.11-slim
RUN useradd --system --no-create-home --uid 10001 fin-infra \
 && install --directory --owner=fin-infra --mode=0700 /var/lib/fin-infra
COPY --from=build /opt/fin-infra /opt/fin-infra
ENV PATH=/opt/fin-infra/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 FIN_INFRA_HOST=0.0.0.0 \
    FIN_INFRA_TRADING_JOURNAL=/var/lib/fin-infra/orders.sqlite3 XDG_DATA_HOME=/var/lib
# The order journal and the book, where SQL_URL names no PostgreSQL: losing the journal loses the day's sum and the
# window for duplicates, losing the book all that it remembers.
VOLUME /var/lib/fin-infra
USER fin-infra
WORKDIR /tmp
EXPOSE 8050
# Liveness only: a service whose vendors are down must not be restarted. The sandbox has a check of its own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8050/healthz', timeout=2)"]
# Stops within the ten seconds that engines allow. Forwarded headers are believed from nobody: docs/deployment.md says how
# to name a proxy.
CMD ["uvicorn", "asset_aggregator.api:app", "--host", "0.0.0.0", "--port", "8050", "--no-server-header", \
    "--no-proxy-headers", "--timeout-graceful-shutdown", "8", "--limit-concurrency", "500"]
