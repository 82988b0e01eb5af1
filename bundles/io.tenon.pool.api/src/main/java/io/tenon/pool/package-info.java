/** Pools: a disk that holds replicas, snapshots and clones, in Mayastor's format. */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.pool;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
