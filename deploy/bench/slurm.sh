#!/bin/bash
# A run in four shards as a Slurm array, then the merge:
#   job=$(SEED=$(janus-bench seed) TARGET=http://gateway:8000 sbatch --parsable --export=ALL slurm.sh)
#   sbatch --dependency=afterok:$job --export=ALL --wrap 'janus-bench merge runs/$SEED/[0-9]*'
# Tested by running it with Slurm's variables set; it has not been run on a cluster yet.
#SBATCH --job-name=janus-bench
#SBATCH --array=1-4
#SBATCH --nodes=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
#SBATCH --exclusive=user
set -euo pipefail
: "${TARGET:?the address to bench}" "${SEED:?one seed for all shards: janus-bench seed}"

exec janus-bench run --target "$TARGET" --model "${MODEL:-janus}" --suite "${SUITE:-quick}" --seed "$SEED" \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --output "runs/$SEED/$SLURM_ARRAY_TASK_ID"
