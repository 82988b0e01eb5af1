package io.tenon.block;

/**
 * What went through a slot since it was made, or since {@link DeviceSlot#resetCounters}, for one operation. Times are by the clock of the
 * reactor, which is read once a round: an I/O that ends in the round in which it began took no time.
 *
 * @param operations that succeeded
 * @param bytes that those covered
 * @param errors of the device: operations that did not succeed
 * @param totalNs time that those that succeeded were with the device, all together
 * @param shortestNs time of the fastest; 0 when there was none
 * @param longestNs time of the slowest; 0 when there was none
 */
public record IoCounters(
    long operations, long bytes, long errors, long totalNs, long shortestNs, long longestNs) {}
