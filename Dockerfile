# One recipe for all: `docker build --target service --build-arg SERVICE=intake .`, and `--target setup` for the one-shot set-up.
# An image holds Python, the pinned packages, shared/ and its own service; nothing to build or install with. The set-up's
# holds all services, because who hears what stands in their handlers. `--target door` is the load balancer.

FROM python:3.13-slim AS packages
WORKDIR /build
RUN python -m venv --without-pip /opt/venv
COPY requirements.lock .
RUN python -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check \
      --no-deps --require-hashes --only-binary :all: --requirement requirements.lock

FROM python:3.13-slim AS bare
RUN rm -rf "$(python -c 'import os, pip; print(os.path.dirname(pip.__file__))')" /usr/bin/pip* /usr/local/bin/pip* \
 && groupadd --system --gid 10001 kommunkontakt \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin kommunkontakt \
 && install -d -o kommunkontakt -g kommunkontakt -m 0700 /private-key && install -d -o kommunkontakt -m 0755 /public-key

FROM bare AS ground
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY shared shared
RUN python -m compileall -q shared
USER 10001

FROM packages AS setup-packages
COPY requirements-setup.lock .
RUN python -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check \
      --no-deps --require-hashes --only-binary :all: --requirement requirements-setup.lock

FROM ground AS setup
COPY --from=setup-packages /opt/venv /opt/venv
COPY services services
CMD ["python", "-m", "shared.platform.setup"]

FROM ground AS service
ARG SERVICE
COPY services/__init__.py services/__init__.py
COPY services/${SERVICE} services/${SERVICE}
USER root
RUN python -m compileall -q services
USER 10001
ENV SERVICE=${SERVICE} KOMMUNKONTAKT_SERVICE=${SERVICE}
CMD ["sh", "-c", "exec python -m services.$SERVICE.app"]

FROM bare AS door
RUN apt-get update && apt-get install --yes --no-install-recommends haproxy && rm -rf /var/lib/apt/lists/*
COPY ops/haproxy.cfg /etc/haproxy/haproxy.cfg
COPY shared/platform/probe.py /probe.py
USER 10001
CMD ["haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"]
