# The mock as an image: a virtual environment on a Python without other packages, run by an unprivileged user.
#
#   docker build --tag clevora-mock .
#   docker run --rm --publish 127.0.0.1:2538:2538 clevora-mock --scenario flaky
#
# Any base image with Python 3.11 or later and its venv module works: --build-arg PYTHON_IMAGE=...
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY clevora_mock clevora_mock
COPY fixtures fixtures
COPY scenarios scenarios
# pip runs in a separate environment, so that the image's environment does not contain it.
RUN python3 -m venv /build \
 && /build/bin/pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
 && python3 -m venv --without-pip /opt/clevora-mock \
 && /build/bin/pip --python /opt/clevora-mock install --no-cache-dir --no-compile \
      --constraint constraints.txt /wheels/*.whl \
# Remove files that nothing imports: tests, stubs, and files for compiling against NumPy.
 && find /opt/clevora-mock \( -name tests -o -name include -o -name f2py \) -type d -prune -exec rm -r {} + \
 && find /opt/clevora-mock \( -name '*.pyi' -o -name '*.pxd' -o -name '*.a' \) -delete \
# Bytecode that is never compared with the sources.
 && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/clevora-mock/lib

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="clevora-mock" \
      org.opencontainers.image.description="A local server that stands in for the Clevora AI API" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/clevora-mock /opt/clevora-mock
ENV PATH=/opt/clevora-mock/bin:$PATH
# Remove the base's pip. Serving once compiles the modules of Python that serving imports, and tests the image; on a
# free port, since a build may share its host's network.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip \
 && mkdir /scenarios \
 && clevora-mock exec --quiet -- sh -c "CLEVORA_MOCK_PORT=\${CLEVORA_MOCK_URL##*:} clevora-mock healthcheck"

# Listen on the container's network. Through a published port, the peer is the network's gateway, so the control plane
# answers every address, under the container's host names.
ENV CLEVORA_MOCK_HOST=0.0.0.0 \
    CLEVORA_MOCK_PORT=2538 \
    CLEVORA_MOCK_CONTROL=allowed \
    CLEVORA_MOCK_ALLOWED_HOST=clevora-mock,clevora,docker,host.docker.internal,host.containers.internal \
    CLEVORA_MOCK_SCENARIOS=/scenarios \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /scenarios
EXPOSE 2538
# By number, so that a cluster can verify that it is not root. Any user works, since nothing is written.
USER 10001:10001
STOPSIGNAL SIGTERM
# A check takes 0.1 s of a processor.
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 CMD ["clevora-mock", "healthcheck"]
ENTRYPOINT ["clevora-mock"]
