/**
 * Blobs on a disk: thin and thick volumes, snapshots and clones in the SPDK blobstore format. Names, uuids and everything else that
 * Mayastor puts into attributes are for whoever uses this; here an attribute is a name and bytes.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.blobstore;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
