// attack: Never lets its event loop turn, with handlers for every signal.
// needs: time=limited
// ends: time
// timeout: 2
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGALRM", "SIGUSR2"]) process.on(signal, () => {});
for (;;) {}
