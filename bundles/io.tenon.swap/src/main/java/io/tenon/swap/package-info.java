/** Bundles replaced while hosts do I/O: {@link io.tenon.swap.Swaps}. */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.swap;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
