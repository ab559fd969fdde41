// attack: Signals every process number there is.
// needs: processes=hidden|closed
for (const signal of ["SIGTERM", "SIGKILL"]) {
    for (let pid = @PLATFORM_PID@; pid < @PLATFORM_PID@ + 200; pid++) {
        if (pid === process.pid || pid === process.ppid) continue;
        try {
            process.kill(pid, signal);
            console.log("ESCAPED signalled", pid);
        } catch {}
    }
}
console.log("tried");
