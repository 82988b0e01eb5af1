/** Mayastor's keys and values in the metadata store. */
@Export
@Version("1.1.0")
@NullMarked
package io.tenon.registry;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
