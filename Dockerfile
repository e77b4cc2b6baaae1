# One image; SERVICE chooses which of the five it runs, and none: all five. Where commands are
# typed in its container it is METODIKA_SERVICE, which they read too.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app

COPY requirements/runtime.txt requirements/runtime.txt
RUN pip install --require-hashes --requirement requirements/runtime.txt

COPY shared shared
COPY services services
COPY metodika metodika

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin metodika \
    && mkdir /ledger /world && chown 10001:10001 /ledger /world
USER 10001:10001

# The root is read-only where it runs: what a service keeps for itself lies in /world.
ENV METODIKA_WORLD=/world METODIKA_HTTP_HOST=0.0.0.0 METODIKA_HTTP_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
ENTRYPOINT ["sh", "-c", "METODIKA_SERVICE=${METODIKA_SERVICE:-$SERVICE} exec python -m metodika up"]
