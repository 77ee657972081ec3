#!/bin/sh
# Write both locks afresh from pyproject.toml: hashes for every file, no index and no address.
set -eu
uv="${UV:-uv}"
for target in "requirements.lock:--extra build" "requirements-dev.lock:--extra build --extra dev"; do
    # shellcheck disable=SC2086
    "$uv" pip compile ${target#*:} --universal --generate-hashes --no-header --no-annotate \
        --python-version 3.11 --quiet pyproject.toml --output-file "${target%%:*}"
done
