# One image for every role: `serve` (the default), `work`, `migrate`. Settings come from the environment, the state lies in
# /data unless IMPORTER_DATABASE and IMPORTER_FILES__URL say otherwise. No secret is built in.

FROM ghcr.io/astral-sh/uv:0.13.9 AS uv

FROM python:3.13-slim-bookworm AS build
COPY --from=uv /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/importer
WORKDIR /src
# What the project needs changes less often than the project: it is a layer of its own.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-install-project --extra postgres --extra otel
COPY README.md LICENSE ./
COPY mappings mappings
COPY samples samples
COPY importer importer
RUN uv sync --frozen --no-editable --extra postgres --extra otel

FROM python:3.13-slim-bookworm
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="importer" \
      org.opencontainers.image.description="The asynchronous import service that commerce shops deserve" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN groupadd --gid 10001 importer \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin importer \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=build /opt/importer /opt/importer
ENV PATH=/opt/importer/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    IMPORTER_DATA_DIR=/data \
    IMPORTER_HOST=0.0.0.0 \
    IMPORTER_PORT=8700 \
    IMPORTER_LOG_FORMAT=json
WORKDIR /data
VOLUME /data
EXPOSE 8700
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["importer", "healthcheck"]
ENTRYPOINT ["importer"]
CMD ["serve"]
