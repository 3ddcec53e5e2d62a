/**
 * Wraps each upstream request of a port, however many layers (retries, fallbacks, batches) lie around it: this is where
 * calls are counted and paid. A layer passes `wrap` on to what it is around; where nothing does, the port itself is one
 * request.
 */
export function around<Port extends { around?(wrap: (one: Port) => Port): Port }>(
  port: Port,
  wrap: (one: Port) => Port,
): Port {
  return port.around ? port.around(wrap) : wrap(port);
}
