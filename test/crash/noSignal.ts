/** Loaded before a process: a file that may not grow is an error to it, and not the end. */
process.on('SIGXFSZ' as NodeJS.Signals, () => undefined)
