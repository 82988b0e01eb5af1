/**
 * The target: {@link io.tenon.nvme.internal.Target} knows the subsystems, a {@link io.tenon.nvme.internal.Controller} is one
 * host's association, a {@link io.tenon.nvme.internal.ConnectedQueue} one connection.
 *
 * <p>Who touches what: a controller's state belongs to the reactor of its admin queue; an I/O queue's to its own reactor.
 * They talk by messages. Subsystems are changed by any thread under their own lock, and tell queues by messages.
 */
@NullMarked
package io.tenon.nvme.internal;

import org.jspecify.annotations.NullMarked;
