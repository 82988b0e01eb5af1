/** Block devices in memory. */
@NullMarked
package io.tenon.backend.malloc.internal;

import org.jspecify.annotations.NullMarked;
