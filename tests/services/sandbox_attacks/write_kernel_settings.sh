# attack: Writes kernel settings: the handler of core dumps, the magic key, the host's name, cgroups and their agents.
# needs: host_files=hidden|closed
for place in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/kernel/hostname /proc/sys/vm/drop_caches \
    /sys/kernel/uevent_helper /sys/fs/cgroup/release_agent /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs \
    /sys/fs/cgroup/memory/memory.limit_in_bytes /proc/1/oom_score_adj; do
    # A first process that can be looked into is the run's own.
    [ "$place" = /proc/1/oom_score_adj ] && readlink /proc/1/ns/pid >/dev/null && continue
    { echo 0 >"$place"; } 2>/dev/null && echo "ESCAPED wrote $place"
done
mkdir /sys/fs/cgroup/memory/attack 2>/dev/null && echo "ESCAPED made a cgroup"
echo tried
