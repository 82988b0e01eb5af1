package io.tenon.nexus;

/**
 * How a nexus keeps other nodes from one of its children.
 *
 * @param held it has the reservation, as far as it knows
 * @param detail a sentence: when and from whom it got it, or why it has none
 */
public record ReservationInfo(String childUri, boolean held, String detail) {}
