# nbsuite on the CPU, from this checkout, on the versions that are tested together. On Python 3.11,
# for which every package comes as a wheel (x86-64): no compiler is needed.
#     docker build -t nbsuite .
#     docker run --rm nbsuite demo --output /tmp/demo
FROM python:3.11.15-slim-trixie@sha256:90744cff8f32887f075c47d747a173ff333e9e98801667af93c357fa9f5e28ff AS build
COPY setup.py pyproject.toml README.md LICENSE constraints.txt /source/
COPY nbsuite /source/nbsuite
COPY conversions /source/conversions
COPY submissions /source/submissions
COPY cli /source/cli
RUN python -m venv /opt/nbsuite \
    && /opt/nbsuite/bin/pip install --no-cache-dir -c /source/constraints.txt \
        --extra-index-url https://download.pytorch.org/whl/cpu /source

FROM python:3.11.15-slim-trixie@sha256:90744cff8f32887f075c47d747a173ff333e9e98801667af93c357fa9f5e28ff
# Recordings and compiled kernels go into the home, which --user may make anybody's.
RUN useradd --create-home --uid 1000 nbsuite && chmod 1777 /home/nbsuite
COPY --from=build /opt/nbsuite /opt/nbsuite
ENV PATH=/opt/nbsuite/bin:$PATH HOME=/home/nbsuite USER=nbsuite
USER 1000
WORKDIR /home/nbsuite
ENTRYPOINT ["nbsuite"]
CMD ["--help"]
