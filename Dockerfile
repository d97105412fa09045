# The image of every process of Thalas; which one it runs is its command (docker-compose.yml).

FROM python:3.13-slim-trixie AS packages
RUN python -m venv /venv
COPY requirements.lock containers/packages.py ./
# The developers' packages stay out; the lock is one.
RUN python packages.py < requirements.lock > product.lock
RUN /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r product.lock

FROM python:3.13-slim-trixie
RUN groupadd --gid 10001 thalas
RUN useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/thalas --shell /usr/sbin/nologin thalas
RUN install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/thalas
# numpy would otherwise start a thread for every core of the host, in every process.
ENV OPENBLAS_NUM_THREADS=1
ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin
ENV PYTHONUNBUFFERED=1
ENV DJANGO_SETTINGS_MODULE=thalas.settings
ENV THALAS_HOME=/var/lib/thalas
WORKDIR /app
COPY --from=packages /venv /venv
COPY manage.py LICENSE NOTICE ./
COPY beat_schedule ./beat_schedule
COPY providers ./providers
COPY risk ./risk
COPY tasks ./tasks
COPY thalas ./thalas
# Compiled here once: the containers cannot write, and every health check starts a Python.
RUN python -m compileall -q beat_schedule providers risk tasks thalas
ENV PYTHONDONTWRITEBYTECODE=1
# Static files are served out of the packages they come with, so nothing has to be collected.
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "uvicorn", "thalas.asgi:application", "--host=0.0.0.0", "--port=8000", "--no-access-log", "--no-server-header", "--no-proxy-headers", "--timeout-graceful-shutdown=3"]
