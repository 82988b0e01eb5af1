/**
 * A machine room in virtual time: {@link io.tenon.simulation.SimWorld} has the clock, {@link io.tenon.simulation.SimReactors}
 * are a node, {@link io.tenon.simulation.SimDisk} and {@link io.tenon.simulation.SimNetwork} are what fails. One thread; the
 * same seed gives the same trace.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.simulation;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
