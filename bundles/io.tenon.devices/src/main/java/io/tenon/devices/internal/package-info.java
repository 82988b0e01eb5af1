/** The registry of block devices. */
@NullMarked
package io.tenon.devices.internal;

import org.jspecify.annotations.NullMarked;
