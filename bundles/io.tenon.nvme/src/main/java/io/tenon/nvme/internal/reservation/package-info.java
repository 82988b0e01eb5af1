/**
 * Reservations of a namespace, Base 2.0c §8.19, as functions of a state that never changes: {@link
 * io.tenon.nvme.internal.reservation.ReservationRules} says what a command makes of it, and what it forbids whom. {@link
 * io.tenon.nvme.internal.reservation.ReservationStore} keeps it over restarts.
 */
@NullMarked
package io.tenon.nvme.internal.reservation;

import org.jspecify.annotations.NullMarked;
