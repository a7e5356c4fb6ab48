/** A file of a Prometheus data directory that cannot be read. The message names file and place. */
export class UpstreamFormatError extends Error {
  override name = 'UpstreamFormatError'
}
