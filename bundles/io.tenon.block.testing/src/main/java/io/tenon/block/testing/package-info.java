/**
 * The contract kit of the block device SPI: a backend, ours or a stranger's, extends {@link
 * io.tenon.block.testing.BlockDeviceContract} in its tests and says how to make a device.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.block.testing;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
