# The service and the sandbox in one image; which of them runs is the command.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
RUN python -m venv /opt/fin-infra \
 && PIP_CONSTRAINT=constraints.txt /opt/fin-infra/bin/pip install --no-cache-dir -c constraints.txt '.[service]' \
 && /opt/fin-infra/bin/pip uninstall --yes pip

FROM python:3.11-slim
RUN useradd --system --no-create-home --uid 10001 fin-infra
COPY --from=build /opt/fin-infra /opt/fin-infra
ENV PATH=/opt/fin-infra/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 FIN_INFRA_HOST=0.0.0.0
USER fin-infra
WORKDIR /tmp
EXPOSE 8050
CMD ["uvicorn", "asset_aggregator.api:app", "--host", "0.0.0.0", "--port", "8050"]
