/**
 * The block device SPI. A backend implements {@link io.tenon.block.DeviceProvider}; everyone above it holds a {@link
 * io.tenon.block.DeviceSlot}, which keeps its identity while the device inside is replaced.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.block;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
