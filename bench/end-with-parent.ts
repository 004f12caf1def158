/** Imported first by every process of the bench: it does not outlive the one that started it, even killed by SIGKILL. */
process.on('disconnect', () => process.exit(1));
