package io.tenon.block;

/**
 * What went through a slot since it was made, for one operation.
 *
 * @param operations requests given to the device
 * @param bytes that they covered
 * @param errors of them that did not succeed
 */
public record IoCounters(long operations, long bytes, long errors) {}
