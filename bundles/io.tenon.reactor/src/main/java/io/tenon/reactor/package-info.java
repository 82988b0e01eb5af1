/**
 * Event loops. One {@link io.tenon.reactor.Reactor} per configured core owns time, timers, sockets, watched file
 * descriptors and buffers of everything that lives on it; what lives on it is touched by its thread only.
 */
@Export
@Version("1.1.0")
@NullMarked
package io.tenon.reactor;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
