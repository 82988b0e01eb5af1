package io.tenon.swap;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * One swap that was tried.
 *
 * @param at when it began
 * @param by who wanted it
 * @param fromVersion empty when there was no such bundle
 * @param toVersion empty when the new jar does not say
 * @param pauses of the devices that had to wait, by name
 * @param hosts connections of hosts that had to wait for a transport
 * @param longestPause of all these
 * @param reason why it was refused or taken back; for one that was done, where the new bundle is from, and by whom and how much it was tried
 */
public record SwapRecord(
    Instant at,
    String by,
    String bundle,
    String fromVersion,
    String toVersion,
    SwapResult result,
    List<DevicePause> pauses,
    List<HostPause> hosts,
    Duration longestPause,
    String reason) {
  public SwapRecord {
    pauses = List.copyOf(pauses);
    hosts = List.copyOf(hosts);
  }
}
