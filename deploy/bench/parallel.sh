#!/bin/bash
# A run in shards with GNU parallel, on this machine or, with --sshloginfile, on several that share this folder:
#   TARGET=http://localhost:8000 ./parallel.sh 4 [options of parallel]
set -euo pipefail
shards=${1:?how many shards}
shift
: "${TARGET:?the address to bench}"
SEED=${SEED:-$(janus-bench seed)}

parallel --halt now,fail=1 --jobs "$shards" "$@" \
    janus-bench run --target "$TARGET" --model "${MODEL:-janus}" --suite "${SUITE:-quick}" --seed "$SEED" \
    --shard "{}/$shards" --output "runs/$SEED/{}" ::: $(seq "$shards")
janus-bench merge $(seq -f "runs/$SEED/%g" "$shards")
