package io.tenon.swap;

import java.time.Duration;

/**
 * How long a connection of a host was without a transport.
 *
 * @param host address and port of the host's end
 * @param pause from the moment when nothing more was taken from the host until a transport went on; what is in flight then is done
 *     within it
 * @param broken nobody went on with it, so the host had to connect again
 */
public record HostPause(String host, Duration pause, boolean broken) {}
