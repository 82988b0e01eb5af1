/** A nexus: one block device made of equal children, each of which holds all data. */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.nexus;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
