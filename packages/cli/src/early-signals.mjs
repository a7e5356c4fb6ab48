import { constants } from 'node:os'

// Process 1 of a container has no default for signals: one that comes before a command listens would be lost. Nothing is started yet,
// so the process ends at once, with the exit code that the default has. Whoever listens takes over.
for (const signal of ['SIGTERM', 'SIGINT']) {
  const end = () => process.exit(128 + constants.signals[signal])
  const handOver = (added) => {
    if (added !== signal) return
    process.off('newListener', handOver)
    // The other listener is there only after this event; without any, the signal would be lost for that moment.
    queueMicrotask(() => process.off(signal, end))
  }
  process.on(signal, end)
  process.on('newListener', handOver)
}
