# Daemon and page. Build it in the cloud with one command, in the repository's root (docs/how-to/infra-set-up.md):
#   gcloud builds submit --tag "$(pulumi stack output image)"
# Where no container engine runs, tools/image/try_steps.py takes the same steps in a clean Debian root.

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements-uv.lock requirements-image.lock ./
# uv by its hash; then everything else by its hash, into an environment that holds no installer.
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-uv.lock
RUN python -m venv --without-pip /opt/tuneguard && /opt/build/bin/uv pip sync --no-cache --compile-bytecode --python /opt/tuneguard/bin/python --require-hashes requirements-image.lock
COPY pyproject.toml README.md LICENSE ./
COPY guard guard
RUN /opt/build/bin/uv build --wheel --out-dir dist && /opt/build/bin/uv pip install --no-cache --compile-bytecode --no-deps --python /opt/tuneguard/bin/python dist/*.whl

FROM python:3.13-slim
RUN groupadd --gid 10001 tuneguard && useradd --uid 10001 --gid 10001 --home-dir /var/lib/tuneguard --no-create-home --shell /usr/sbin/nologin tuneguard
RUN mkdir -p /etc/tuneguard /var/lib/tuneguard && chown 10001:10001 /var/lib/tuneguard && python -m pip uninstall --yes --quiet pip
COPY --from=build /opt/tuneguard /opt/tuneguard
ENV PATH=/opt/tuneguard/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV PYTHONUNBUFFERED=1
ENV PYTHONDONTWRITEBYTECODE=1
ENV TUNEGUARD_CONFIG=/etc/tuneguard/guard.yaml
# The ledger's place; everything else may be read-only (docker run --read-only --tmpfs /tmp).
VOLUME /var/lib/tuneguard
WORKDIR /var/lib/tuneguard
USER 10001:10001
# The daemon's health, and the page where it has its usual port. Cloud Run has probes of its own.
EXPOSE 9464 9465
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "import urllib.request as r\ndef lives(port):\n  try: return r.urlopen(f'http://127.0.0.1:{port}/livez', timeout=2).status == 200\n  except OSError: return False\nraise SystemExit(not any(map(lives, (9464, 9465))))"]
ENTRYPOINT ["tuneguard"]
CMD ["run", "--standby"]
